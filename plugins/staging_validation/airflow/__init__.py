"""The Airflow side: hooks turn connections into clients, operators encapsulate a step, groups share them.

Nothing heavy is imported when a DAG file is parsed: clients and their libraries are imported inside ``execute``.
"""
