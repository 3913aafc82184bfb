-- The fast way into a table that is still empty: the application's role copies straight into it, and everything else is done
-- once, at the end: key, indexes, scope, feed. It takes two calls in one transaction, with the COPY between them.
--
-- COPY refuses a table with row security, so import_open() takes it off; the table is locked against everybody else until
-- the commit, was empty before, and a transaction that doesn't put everything back by import_close() can't commit.
-- The table is written anew first, so that an import that is given up leaves no dead rows in it.

drop function import_into_empty(text, text[]);

-- What is open, and the statements that close it. Seen by nobody but the two functions.
create table opened (
    kind    text constraint opened_pkey primary key,
    restore text[] not null
);
alter table opened enable row level security;

create function refuse_opened() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select from opened) then
        raise exception 'an import was left open' using errcode = '42501';
    end if;
    return null;
end $$;
create constraint trigger closed after insert on opened deferrable initially deferred
    for each row execute function refuse_opened();

-- Opens an empty table for the COPY of a steward of the whole city, who may insert any row; false when it isn't empty.
create function import_open(kind text) returns boolean
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    one record;
    restore text[] := '{}';
    found_any boolean;
begin
    if actor_role() is distinct from 'steward' or not everywhere() or running_batch() is null then
        raise exception 'only a steward of the whole city, in an import' using errcode = '42501';
    end if;
    if kind not in ('address', 'building') then
        raise exception 'no direct way for %', kind using errcode = '22023';
    end if;
    execute format('lock table %I in access exclusive mode', kind);
    execute format('select exists (select from %I) or exists (select from %I)', kind, kind || '_version') into found_any;
    if found_any then
        return false;
    end if;
    -- Foreign keys first, then the key that they hang on, then what is no constraint; restored in the other order.
    for one in
        select c.conrelid::regclass::text as owner, quote_ident(c.conname) as name, pg_get_constraintdef(c.oid) as definition
        from pg_constraint c
        where c.contype = 'f' and c.confrelid = to_regclass(kind) or c.contype = 'p' and c.conrelid = to_regclass(kind)
        order by c.contype
    loop
        execute format('alter table %s drop constraint %s', one.owner, one.name);
        restore := format('alter table %s add constraint %s %s', one.owner, one.name, one.definition) || restore;
    end loop;
    for one in select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
        from pg_index i where i.indrelid = to_regclass(kind)
    loop
        execute 'drop index ' || one.name;
        restore := restore || one.definition;
    end loop;
    execute format('alter table %I disable trigger user, disable row level security', kind);
    execute format('alter table %I alter column version type bigint using version + 0', kind);
    insert into opened values (kind, restore);
    return true;
end $$;

-- Closes it again: the rows get their ground where they declare none, the feed is told once.
create function import_close(kind text) returns void
    language plpgsql security definer set search_path = public, pg_temp set maintenance_work_mem = '256MB' as $$
declare
    one text;
    definitions text[];
    ground text;
begin
    delete from opened o where o.kind = import_close.kind returning o.restore into strict definitions;
    ground := case kind when 'address' then 'pin' else 'st_centroid(footprint)' end;
    execute format('update %I set scope_grid = coalesce(grid_code, locate(%s))
        where grid_code is null or scope_grid is distinct from grid_code', kind, ground);
    foreach one in array definitions loop
        execute one;
    end loop;
    execute format('alter table %I enable trigger user, enable row level security', kind);
    execute format('insert into change (kind, op, batch_id) select %L, ''put'', running_batch() where exists (select from %I)',
        kind, kind);
    perform pg_notify('gridpin_change', '');
end $$;

revoke all on function import_open(text), import_close(text) from public;
grant execute on function import_open(text), import_close(text) to gridpin_app;
