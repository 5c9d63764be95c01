-- The platform's tables (platform contract, database). Safe to run again.
--
-- Every table carries inserted_at and updated_at, UTC, without a default: whoever writes supplies them.

CREATE TABLE IF NOT EXISTS customers (
    id                                bigserial PRIMARY KEY,
    name                              varchar(255) NOT NULL,
    email                             varchar(255) NOT NULL,
    active                            boolean DEFAULT true,
    metadata                          jsonb DEFAULT '{}',
    monthly_limit                     integer DEFAULT 100,
    current_usage                     integer DEFAULT 0,
    trial_fixes_used                  integer DEFAULT 0,
    trial_fixes_limit                 integer DEFAULT 10,
    trial_expired_at                  timestamp,
    payment_method_added_at           timestamp,
    stripe_customer_id                varchar(255),
    stripe_payment_method_id          varchar(255),
    stripe_subscription_id            varchar(255),
    subscription_type                 varchar(255) DEFAULT 'pay_as_you_go',
    subscription_state                varchar(255) DEFAULT 'trial',
    has_payment_method                boolean DEFAULT false,
    billing_consent_given             boolean NOT NULL DEFAULT false,
    billing_consent_at                timestamp(0),
    subscription_cancel_at_period_end boolean NOT NULL DEFAULT false,
    credit_balance                    integer NOT NULL DEFAULT 0,
    fixes_used_this_month             integer DEFAULT 0,
    fixes_quota_this_month            integer DEFAULT 0,
    rollover_fixes                    integer DEFAULT 0,
    is_staff                          boolean DEFAULT false,
    auto_provisioned                  boolean DEFAULT false,
    inserted_at                       timestamp(0) NOT NULL,
    updated_at                        timestamp(0) NOT NULL,
    CONSTRAINT credit_balance_non_negative CHECK (credit_balance >= 0)
);
CREATE UNIQUE INDEX IF NOT EXISTS customers_email_index ON customers (email);
CREATE UNIQUE INDEX IF NOT EXISTS customers_stripe_customer_id_index ON customers (stripe_customer_id);

CREATE TABLE IF NOT EXISTS credit_transactions (
    id            uuid PRIMARY KEY,
    customer_id   bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    amount        integer NOT NULL,
    balance_after integer NOT NULL,
    source        varchar(255) NOT NULL,
    metadata      jsonb DEFAULT '{}',
    inserted_at   timestamp(0) NOT NULL,
    updated_at    timestamp(0) NOT NULL
);
CREATE INDEX IF NOT EXISTS credit_transactions_customer_id_index ON credit_transactions (customer_id);
CREATE INDEX IF NOT EXISTS credit_transactions_inserted_at_index ON credit_transactions (inserted_at);

CREATE TABLE IF NOT EXISTS subscriptions (
    id                     uuid PRIMARY KEY,
    customer_id            bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    stripe_subscription_id varchar(255) NOT NULL,
    plan                   varchar(255) NOT NULL,
    status                 varchar(255) NOT NULL,
    current_period_start   timestamp(0),
    current_period_end     timestamp(0),
    cancel_at_period_end   boolean DEFAULT false,
    inserted_at            timestamp(0) NOT NULL,
    updated_at             timestamp(0) NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS subscriptions_stripe_subscription_id_index
    ON subscriptions (stripe_subscription_id);
CREATE INDEX IF NOT EXISTS subscriptions_customer_id_index ON subscriptions (customer_id);

-- Events outlive their customer: an event id stays known, so that a late duplicate has no effect.
CREATE TABLE IF NOT EXISTS billing_events (
    id              uuid PRIMARY KEY,
    customer_id     bigint REFERENCES customers ON DELETE SET NULL,
    stripe_event_id varchar(255) NOT NULL,
    event_type      varchar(255) NOT NULL,
    amount_cents    integer,
    metadata        jsonb DEFAULT '{}',
    inserted_at     timestamp(0) NOT NULL,
    updated_at      timestamp(0) NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS billing_events_stripe_event_id_index ON billing_events (stripe_event_id);
CREATE INDEX IF NOT EXISTS billing_events_customer_id_index ON billing_events (customer_id);

CREATE TABLE IF NOT EXISTS fix_attempts (
    id                       bigserial PRIMARY KEY,
    github_org               varchar(255) NOT NULL,
    repo_name                varchar(255) NOT NULL,
    issue_number             integer,
    pr_number                integer,
    customer_id              bigint REFERENCES customers ON DELETE RESTRICT,
    status                   varchar(255) DEFAULT 'pending',
    billing_status           varchar(255) DEFAULT 'not_billed',
    amount                   numeric(10, 2),
    metadata                 jsonb DEFAULT '{}',
    requires_manual_approval boolean DEFAULT true,
    inserted_at              timestamp(0) NOT NULL,
    updated_at               timestamp(0) NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS fix_attempts_github_org_repo_name_pr_number_index
    ON fix_attempts (github_org, repo_name, pr_number);
CREATE INDEX IF NOT EXISTS fix_attempts_customer_id_index ON fix_attempts (customer_id);
CREATE INDEX IF NOT EXISTS fix_attempts_status_index ON fix_attempts (status);
CREATE INDEX IF NOT EXISTS fix_attempts_billing_status_index ON fix_attempts (billing_status);

CREATE TABLE IF NOT EXISTS api_keys (
    id          bigserial PRIMARY KEY,
    key_hash    varchar(64) NOT NULL,
    name        varchar(255),
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    permissions text[] DEFAULT '{}',
    active      boolean DEFAULT true,
    inserted_at timestamp(0) NOT NULL,
    updated_at  timestamp(0) NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS api_keys_key_hash_index ON api_keys (key_hash);
CREATE INDEX IF NOT EXISTS api_keys_customer_id_index ON api_keys (customer_id);

CREATE TABLE IF NOT EXISTS usage_records (
    id            bigserial PRIMARY KEY,
    customer_id   bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    provider      varchar(255) NOT NULL,
    tokens_used   integer,
    request_count integer,
    metadata      jsonb DEFAULT '{}',
    inserted_at   timestamp(0) NOT NULL,
    updated_at    timestamp(0) NOT NULL
);
CREATE INDEX IF NOT EXISTS usage_records_customer_id_index ON usage_records (customer_id);

-- Accepted webhooks that wait to be processed. The body stays the text that was signed. No customer is named:
-- the row is gone as soon as the event is recorded in billing_events.
CREATE TABLE IF NOT EXISTS webhook_queue (
    id           bigserial PRIMARY KEY,
    body         text NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    available_at timestamp NOT NULL,
    inserted_at  timestamp(0) NOT NULL,
    updated_at   timestamp(0) NOT NULL
);
