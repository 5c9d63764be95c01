"""Static checks of Grafana dashboards and Prometheus rule files: what is wrong is found before any query runs."""
