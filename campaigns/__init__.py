"""Long measurements that a test run has no time for: each repeats one experiment many times and is resumable.

``python -m campaigns.NAME --runs N``. Every result is a JSON line under ``build/campaigns/NAME/``; the summary of a
finished campaign is ``campaigns/results/NAME.json``.
"""
