-- What the rules found. A flag is worked out from the records and can be worked out again; it is kept so that a process can
-- show it without having checked the city itself, and so that everybody knows since when it stands.
--
-- One process checks and writes here, under a lock of the database; all others read. No history: a flag that goes is gone.

create table flag (
    flag_id             text collate "C" not null,
    rule                text collate "C" not null,
    subject_kind        text not null,
    subject_id          text collate "C" not null,
    severity            text not null,
    probability         double precision,
    tier                text,
    message_zh          text not null,
    message_en          text not null,
    place               geometry(Point, 4490),
    suggested_place     geometry(Point, 4490),
    suggested_radius_m  double precision,
    suggested_field     text,
    suggested_value     text,
    -- When it was first found; a later check that finds it again leaves that as it is.
    since               timestamptz not null,
    -- The version of rules and thresholds that made it so.
    rule_set            text not null,
    constraint flag_pkey primary key (flag_id),
    constraint flag_subject_known check (subject_kind in ('address', 'building', 'grid', 'rental', 'hazard', 'correction')),
    constraint flag_severity_known check (severity in ('info', 'warning', 'error')),
    constraint flag_tier_known check (tier in ('auto', 'review', 'field'))
);
comment on table flag is '核查结果: what the rules found and since when it stands, written by the process that checks';

-- How far the check is; one row.
create table checking (
    one       boolean not null default true,
    -- When the check that runs now began, and how much of it is done; null when none runs.
    begun_at  timestamptz,
    share     real not null default 0,
    -- When a check of everything was last written down whole, and by which rules.
    done_at   timestamptz,
    rule_set  text not null default '',
    constraint checking_pkey primary key (one),
    constraint checking_is_one check (one),
    constraint checking_share check (share between 0 and 1)
);
insert into checking default values;
comment on table checking is '核查进度: whether the flags are those of a check of everything, and how far the next one is';

-- --- One process checks ----------------------------------------------------------------------------------------------
-- The lock belongs to a connection and ends with it: who is gone holds nothing. Flags are written on that same connection,
-- so that a process that lost the lock can't write any more, whatever it believes.

create function take_checking() returns boolean
    language sql volatile return pg_try_advisory_lock(4490, 13);

-- The process of the database that holds it, if any does.
create function holds_checking() returns integer
    language sql volatile
    return (select l.pid from pg_locks l join pg_database d on d.oid = l.database
            where d.datname = current_database() and l.locktype = 'advisory' and l.granted
              and l.classid = 4490 and l.objid = 13 and l.objsubid = 2);

create function refuse_unlocked() returns trigger language plpgsql as $$
begin
    if holds_checking() is distinct from pg_backend_pid() then
        raise exception 'flags are written by the process that checks' using errcode = '42501';
    end if;
    return null;
end $$;
create trigger locked before insert or update or delete on flag for each statement execute function refuse_unlocked();
create trigger locked before insert or update or delete on checking for each statement execute function refuse_unlocked();

-- --- Feed ------------------------------------------------------------------------------------------------------------
-- A first check of a million addresses writes some 100,000 flags: a hundred rows of the feed.

create function tell_flag() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into change (kind, op, ids)
        select 'flag', case tg_op when 'DELETE' then 'withdraw' else 'put' end, array_agg(flag_id)
        from (select flag_id, row_number() over () / 1000 as part from changed_rows) r group by part order by part;
    if found then
        perform pg_notify('gridpin_change', '');
    end if;
    return null;
end $$;
create trigger tell_insert after insert on flag referencing new table as changed_rows
    for each statement execute function tell_flag();
create trigger tell_update after update on flag referencing new table as changed_rows
    for each statement execute function tell_flag();
create trigger tell_delete after delete on flag referencing old table as changed_rows
    for each statement execute function tell_flag();

-- --- Policies --------------------------------------------------------------------------------------------------------
-- As the feed, a flag is read by the service, which shows of it what lies on the reader's ground: whose ground that is
-- follows the flag's subject. It is written by the service alone, never in somebody's name.

alter table flag enable row level security;
grant select, insert, update, delete on flag to gridpin_app;
create policy flag_read on flag for select using ((select everywhere()) and (select actor_role()) = 'steward');
create policy flag_insert on flag for insert
    with check ((select everywhere()) and (select actor_role()) = 'steward' and (select actor()) = 'system');
create policy flag_update on flag for update
    using ((select everywhere()) and (select actor_role()) = 'steward' and (select actor()) = 'system');
create policy flag_delete on flag for delete
    using ((select everywhere()) and (select actor_role()) = 'steward' and (select actor()) = 'system');

alter table checking enable row level security;
grant select, update (begun_at, share, done_at, rule_set) on checking to gridpin_app;
create policy checking_read on checking for select
    using ((select everywhere()) and (select actor_role()) = 'steward');
create policy checking_update on checking for update
    using ((select everywhere()) and (select actor_role()) = 'steward' and (select actor()) = 'system');

-- The service's own name is nobody's account.
alter table account add constraint account_name_is_not_system check (lower(name) <> 'system') not valid;
