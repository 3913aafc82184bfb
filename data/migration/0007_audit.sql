-- The audit log: append only, each entry sealed by the hash of the one before it. The application's role can append
-- through audit_append() and read as a steward; it can't change or remove anything.

create table audit (
    seq     bigint constraint audit_pkey primary key,
    at      timestamptz not null,
    actor   text not null,
    role    text not null,
    scope   text not null,
    action  text not null,
    subject text not null,
    detail  jsonb not null,
    prev    bytea not null,
    hash    bytea not null
);

-- The last entry's number and hash: tells when the log's end was cut off. One row.
create table audit_head (
    only_one boolean constraint audit_head_pkey primary key default true constraint audit_head_only_one check (only_one),
    seq      bigint not null,
    hash     bytea not null
);
insert into audit_head (seq, hash) values (0, sha256('gridpin'));

-- What is sealed: the fields joined by newlines, texts as JSON strings so that none can imitate another, time in UTC
-- with microseconds, detail as jsonb prints it.
create function audit_hash(prev bytea, seq bigint, at timestamptz, actor text, role text, scope text, action text,
                           subject text, detail jsonb) returns bytea
    language sql stable
    return sha256(prev || convert_to(concat_ws(E'\n', seq, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        to_json(actor), to_json(role), to_json(scope), to_json(action), to_json(subject), detail), 'UTF8'));

-- Appends an entry in the caller's transaction. The head's row lock puts entries in one order: append last, before commit.
create function audit_append(what text, about text, more jsonb) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    head audit_head;
    entry audit;
begin
    select * into head from audit_head for update;
    entry.seq := head.seq + 1;
    entry.at := clock_timestamp();
    entry.actor := coalesce(actor(), '');
    entry.role := coalesce(actor_role(), '');
    entry.scope := coalesce(current_setting('gridpin.scope', true), '');
    entry.action := what;
    entry.subject := about;
    entry.detail := coalesce(more, '{}');
    entry.prev := head.hash;
    entry.hash := audit_hash(entry.prev, entry.seq, entry.at, entry.actor, entry.role, entry.scope, entry.action,
                             entry.subject, entry.detail);
    insert into audit select entry.*;
    update audit_head set seq = entry.seq, hash = entry.hash;
    return entry.seq;
end $$;
revoke all on function audit_append(text, text, jsonb) from public;
grant execute on function audit_append(text, text, jsonb) to gridpin_app;

alter table audit enable row level security;
alter table audit_head enable row level security;
grant select on audit, audit_head to gridpin_app;
create policy audit_read on audit for select using ((select actor_role()) = 'steward' and (select everywhere()));
create policy audit_head_read on audit_head for select using ((select actor_role()) = 'steward' and (select everywhere()));
