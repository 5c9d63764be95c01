"""By hand: put the contract's load on staging, check its rate limits, and look at every single effect."""

from staging_validation.airflow.dag_factory import staging_dag
from staging_validation.airflow.load_tasks import load
from staging_validation.airflow.params import load_params

DOC = """Puts the contract's load on staging: sign-ups by 100 users, webhooks at 1,000 a minute and at 50 a second.

Every request has its moment, whatever the answers do, and its latency counts from there. A tenth of the webhooks are
duplicates, and afterwards every distinct event must have had exactly one effect. The rate limits are checked at the
instance of the connection `staging_api_strict`, where there is one. Never on Stripe itself: the run is refused unless
`stripe_default` names a stand-in that the platform uses too. The customers stay until the next reset.
"""

with staging_dag(
    "staging_load",
    title="Staging validation: load",
    doc_md=DOC,
    tags=("load",),
    params=load_params(),
    max_active_tasks=1,
) as dag:
    load()
