"""Hooks: an Airflow connection in, a client out. They talk and decide nothing."""
