-- Bulk ways in. COPY doesn't obey row security, so an import copies into a stage, a temporary table of the owner's that
-- ends with the transaction, and goes on from there with statements that do.

create function import_stage(kind text) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if actor_role() is distinct from 'steward' then
        raise exception 'only a steward imports' using errcode = '42501';
    end if;
    if kind not in ('grid', 'address', 'building', 'place', 'rental', 'inspection', 'hazard', 'visit', 'headcount') then
        raise exception 'no such kind %', kind using errcode = '22023';
    end if;
    execute format('create temp table %I (like public.%I) on commit drop', kind || '_stage', kind);
    -- Only the file's columns come; the rest has no value in a stage.
    execute (select format('alter table pg_temp.%I %s', kind || '_stage',
            string_agg(format('alter column %I drop not null', attname), ', '))
        from pg_attribute where attrelid = format('pg_temp.%I', kind || '_stage')::regclass and attnum > 0 and attnotnull);
    execute format('grant select, insert on pg_temp.%I to gridpin_app', kind || '_stage');
end $$;

-- The fast way into a table that is still empty: indexes other than the key are built once, at the end, and the feed is told
-- once. For stewards of the whole city, who may insert any row; checks and scope triggers work as ever.
create function import_into_empty(kind text, content text[]) returns bigint
    language plpgsql security definer set search_path = public, pg_temp set maintenance_work_mem = '256MB' as $$
declare
    columns text;
    source text;
    indexes text[];
    one text;
    n bigint;
    found_any boolean;
begin
    if actor_role() is distinct from 'steward' or not everywhere() or running_batch() is null then
        raise exception 'only a steward of the whole city, in an import' using errcode = '42501';
    end if;
    if kind not in ('address', 'building', 'rental', 'inspection', 'hazard', 'visit') then
        raise exception 'no bulk way for %', kind using errcode = '22023';
    end if;
    execute format('lock table %I in access exclusive mode', kind);
    execute format('select exists (select from %I) or exists (select from %I)', kind, kind || '_version') into found_any;
    if found_any then
        return null;
    end if;
    -- The stage must be the one that import_stage made, not a look-alike that runs foreign code with the owner's rights.
    if not exists (select from pg_class where oid = to_regclass(format('pg_temp.%I', kind || '_stage'))
                   and relkind = 'r' and relowner = to_regrole('gridpin_owner') and not relhastriggers and not relhasrules) then
        raise exception 'no stage for %', kind using errcode = '42501';
    end if;
    select string_agg(quote_ident(c), ', ') into columns from unnest(content) c;
    select array_agg(pg_get_indexdef(i.indexrelid)) into indexes from pg_index i
        where i.indrelid = to_regclass(kind) and not exists (select from pg_constraint c where c.conindid = i.indexrelid);
    for one in select i.indexrelid::regclass::text from pg_index i
        where i.indrelid = to_regclass(kind) and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
    loop
        execute 'drop index ' || one;
    end loop;
    execute format('alter table %I disable trigger keep_insert', kind);
    source := case when kind in ('address', 'building') then 'grid_code' else 'null' end;
    execute format('insert into %I (%s, scope_grid, batch_id, changed_by) select %s, %s, %s, %L from pg_temp.%I',
        kind, columns, columns, source, running_batch(), actor(), kind || '_stage');
    get diagnostics n = row_count;
    execute format('alter table %I enable trigger keep_insert', kind);
    foreach one in array indexes loop
        execute one;
    end loop;
    if n > 0 then
        insert into change (kind, op, batch_id) values (kind, 'put', running_batch());
        perform pg_notify('gridpin_change', '');
    end if;
    return n;
end $$;

revoke all on function import_stage(text), import_into_empty(text, text[]), hand_over(text, bigint, text) from public;
grant execute on function import_stage(text), import_into_empty(text, text[]), hand_over(text, bigint, text) to gridpin_app;
