"""One module a service: timeouts, retries, idempotency and our exception tree. No Airflow here."""
