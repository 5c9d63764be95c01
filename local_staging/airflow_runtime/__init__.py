"""Airflow for a local run: the four components as supervised processes, and a small client of its REST API."""
