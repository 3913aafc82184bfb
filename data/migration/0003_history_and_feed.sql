-- Every change keeps its old version, and tells the feed, in the same transaction. Nobody can skip either: both are written
-- by triggers with the owner's rights.
--
-- <table>_version holds what a record was before each change. A record as of a moment t is its current row, if that was
-- written by then, else the old row with changed_at <= t < superseded_at.

-- The feed. A reader remembers the snapshot (pg_snapshot) of its last read and asks, in a new snapshot, for the rows that
-- it sees now and could not see then. A transaction that commits late is in the first snapshot after it, whatever number
-- its rows have: no reader skips one, meets one twice, or waits for a long import.
create table change (
    change_id  bigint generated always as identity constraint change_pkey primary key,
    xid        xid8 not null default pg_current_xact_id(),
    made_at    timestamptz not null default clock_timestamp(),
    kind       text not null,
    op         text not null,
    -- The records' keys, at most 1,000; or null, and every record of this kind that now carries batch_id was touched.
    ids        text[],
    batch_id   bigint,
    constraint change_op_known check (op in ('put', 'withdraw')),
    constraint change_says_which check (ids is not null or batch_id is not null)
);
create index change_xid on change (xid);

-- Before an update of anything but scope_grid: a new version, by whom and when.
create function stamp() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    new.changed_at := now();
    new.changed_by := actor();
    -- An undo gives a record back to the import that wrote it before.
    if current_setting('gridpin.batch', true) is distinct from 'undo' then
        new.batch_id := running_batch();
    end if;
    return new;
end $$;

-- After an insert. The trigger's first argument names the key's columns, its second the key as one text.
create function keep_insert() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    n bigint;
begin
    select count(*) into n from new_rows;
    perform tell_many(tg_table_name, n);
    if n > 0 and (n <= 1000 or running_batch() is null) then
        execute format('insert into change (kind, op, ids)
            select %L, ''put'', array_agg(k) from (select %s as k, row_number() over () / 1000 as part from new_rows) r
            group by part order by part', tg_table_name, tg_argv[1]);
    end if;
    return null;
end $$;

-- Tells the listeners; more than 1,000 rows of one import are told by the import's number.
create function tell_many(kind text, n bigint) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if n > 1000 and running_batch() is not null then
        insert into change (kind, op, batch_id) values (kind, 'put', running_batch());
    end if;
    if n > 0 then
        perform pg_notify('gridpin_change', '');
    end if;
end $$;

create function keep_update() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    n bigint;
begin
    -- Rows whose scope_grid alone followed their address are no new version.
    execute format('insert into %I select now(), actor(), ''change'', o.*
        from old_rows o join new_rows n using (%s) where n.version <> o.version', tg_table_name || '_version', tg_argv[0]);
    get diagnostics n = row_count;
    perform tell_many(tg_table_name, n);
    if n > 0 and (n <= 1000 or running_batch() is null) then
        execute format('insert into change (kind, op, ids)
            select %L, ''put'', array_agg(k) from (
                select %s as k, row_number() over () / 1000 as part
                from new_rows n join old_rows o using (%s) where n.version <> o.version) r
            group by part order by part', tg_table_name, tg_argv[1], tg_argv[0]);
    end if;
    return null;
end $$;

create function keep_delete() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    n bigint;
begin
    execute format('insert into %I select now(), actor(), ''withdraw'', o.* from old_rows o', tg_table_name || '_version');
    get diagnostics n = row_count;
    if n > 0 then
        execute format('insert into change (kind, op, ids)
            select %L, ''withdraw'', array_agg(k) from (select %s as k, row_number() over () / 1000 as part from old_rows) r
            group by part order by part', tg_table_name, tg_argv[1]);
        perform pg_notify('gridpin_change', '');
    end if;
    return null;
end $$;

revoke all on function tell_many(text, bigint) from public;

-- One history table and one set of triggers for each record table.
do $$
declare
    t record;
    content text;
begin
    for t in select * from (values
        ('grid', 'grid_code', 'grid_code'),
        ('address', 'address_id', 'address_id'),
        ('building', 'building_id', 'building_id'),
        ('place', 'place_id', 'place_id'),
        ('rental', 'rental_id', 'rental_id'),
        ('inspection', 'inspection_id', 'inspection_id'),
        ('hazard', 'hazard_id', 'hazard_id'),
        ('visit', 'visit_id', 'visit_id::text'),
        ('headcount', 'grid_code, care_group', 'grid_code || ''|'' || care_group'),
        ('correction', 'correction_id', 'correction_id::text'),
        ('dismissal', 'flag_id', 'flag_id')) as v (name, key, key_text)
    loop
        -- What superseded it stands first, so that a column added to a table is added to the end of both.
        execute format('create table %I (superseded_at timestamptz not null, superseded_by text not null,
            superseded_how text not null, like %I)', t.name || '_version', t.name);
        execute format('create index %I on %I (%s, version)', t.name || '_version_key', t.name || '_version', t.key);
        execute format('create index %I on %I (batch_id) where batch_id is not null',
            t.name || '_version_batch', t.name || '_version');
        select string_agg(quote_ident(column_name), ', ') into content from information_schema.columns
            where table_schema = 'public' and table_name = t.name
            and column_name not in ('scope_grid', 'version', 'changed_at', 'changed_by');
        execute format('create trigger stamp before update of %s on %I for each row execute function stamp()',
            content, t.name);
        execute format('create trigger keep_insert after insert on %I referencing new table as new_rows
            for each statement execute function keep_insert(%L, %L)', t.name, t.key, t.key_text);
        execute format('create trigger keep_update after update on %I referencing old table as old_rows new table as new_rows
            for each statement execute function keep_update(%L, %L)', t.name, t.key, t.key_text);
        execute format('create trigger keep_delete after delete on %I referencing old table as old_rows
            for each statement execute function keep_delete(%L, %L)', t.name, t.key, t.key_text);
    end loop;
end $$;
