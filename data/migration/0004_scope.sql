-- Which ground a record belongs to, and who sees and changes it there.

-- The finest grid that covers a point; on a shared border the one with the lowest code, as in index::GridIndex.
create function locate(at geometry) returns text
    language sql stable security definer set search_path = public, pg_temp as $$
    select g.grid_code from grid g
    where g.polygon && at and st_covers(g.polygon, at)
    order by array_position(array['microgrid', 'grid', 'village', 'street', 'district'], g.level), g.grid_code
    limit 1
$$;

-- The actor's grid and all below it. Policies use it as a subquery without outer references, which PostgreSQL runs once
-- for a statement and keeps as a hash table.
create function grids_in_scope() returns setof text
    language sql stable security definer set search_path = public, pg_temp as $$
    with recursive below (grid_code) as (
        select g.grid_code from grid g where g.grid_code = nullif(current_setting('gridpin.scope', true), '')
        union
        select g.grid_code from grid g join below b on g.parent_code = b.grid_code
    )
    select grid_code from below where actor() is not null
$$;

-- --- scope_grid ------------------------------------------------------------------------------------------------------

-- The declared grid; where none is declared, the one that the pin lies in.
create function scope_by_pin() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    new.scope_grid := coalesce(new.grid_code, locate(new.pin));
    return new;
end $$;
create trigger scope before insert or update of grid_code, pin on address for each row
    when (new.grid_code is null or new.scope_grid is distinct from new.grid_code) execute function scope_by_pin();
create index address_undeclared on address (address_id) where grid_code is null;

create function scope_by_footprint() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    new.scope_grid := coalesce(new.grid_code, locate(st_centroid(new.footprint)));
    return new;
end $$;
create trigger scope before insert or update of grid_code, footprint on building for each row
    when (new.grid_code is null or new.scope_grid is distinct from new.grid_code) execute function scope_by_footprint();

create function scope_by_address() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    new.scope_grid := (select a.scope_grid from address a where a.address_id = new.address_id);
    return new;
end $$;
create trigger scope before insert or update of address_id on place for each row execute function scope_by_address();
create trigger scope before insert or update of address_id on rental for each row execute function scope_by_address();
create trigger scope before insert or update of address_id on hazard for each row execute function scope_by_address();
create trigger scope before insert or update of address_id on visit for each row execute function scope_by_address();
-- A correction and a dismissal stay on the ground where they were made: who made one still sees it when the address went
-- to another grid by it.
create trigger scope before insert on correction for each row execute function scope_by_address();
create trigger scope before insert on dismissal for each row execute function scope_by_address();

create function scope_by_rental() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    new.scope_grid := (select r.scope_grid from rental r where r.rental_id = new.rental_id);
    return new;
end $$;
create trigger scope before insert or update of rental_id on inspection for each row execute function scope_by_rental();

create function scope_by_grid() returns trigger language plpgsql as $$
begin
    new.scope_grid := new.grid_code;
    return new;
end $$;
create trigger scope before insert on headcount for each row execute function scope_by_grid();

-- What hangs on an address follows it to another grid.
create function carry_scope() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    create temp table if not exists moved_scope (address_id text collate "C", scope_grid text) on commit drop;
    truncate moved_scope;
    insert into moved_scope select n.address_id, n.scope_grid from new_rows n join old_rows o using (address_id)
        where n.scope_grid is distinct from o.scope_grid;
    if found then
        update place t set scope_grid = m.scope_grid from moved_scope m where t.address_id = m.address_id;
        update rental t set scope_grid = m.scope_grid from moved_scope m where t.address_id = m.address_id;
        update hazard t set scope_grid = m.scope_grid from moved_scope m where t.address_id = m.address_id;
        update visit t set scope_grid = m.scope_grid from moved_scope m where t.address_id = m.address_id;
        update inspection t set scope_grid = r.scope_grid from rental r, moved_scope m
            where t.rental_id = r.rental_id and r.address_id = m.address_id;
    end if;
    return null;
end $$;

-- Where no grid is declared, new borders decide anew.
create function locate_anew() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update address a set scope_grid = locate(a.pin)
        where a.grid_code is null and a.scope_grid is distinct from locate(a.pin);
    update building b set scope_grid = locate(st_centroid(b.footprint))
        where b.grid_code is null and b.scope_grid is distinct from locate(st_centroid(b.footprint));
    return null;
end $$;
create trigger locate_anew after insert or update of polygon, level or delete on grid
    for each statement execute function locate_anew();

-- --- Policies --------------------------------------------------------------------------------------------------------
-- Read each as: these roles, for rows on their ground. `(select ...)` makes PostgreSQL evaluate it once for a statement.

alter table grid enable row level security;
grant select, insert on grid to gridpin_app;
create policy grid_read on grid for select
    using ((select everywhere()) or grid_code in (select grids_in_scope()));
create policy grid_insert on grid for insert
    with check ((select actor_role()) = 'steward' and (select everywhere()));
create policy grid_update on grid for update
    using ((select actor_role()) = 'steward' and ((select everywhere()) or grid_code in (select grids_in_scope())));
create policy grid_withdraw on grid for delete
    using ((select actor_role()) = 'steward' and (select everywhere()));

-- table, who reads, who inserts, who updates. A leader sees numbers only; a care group's exact number is a steward's alone.
do $$
declare
    t record;
    ground constant text := '((select everywhere()) or scope_grid in (select grids_in_scope()))';
    content text;
begin
    for t in select * from (values
        ('address', '{collector,reviewer,department,police,steward}', '{collector,reviewer,steward}', '{collector,reviewer,steward}'),
        ('building', '{collector,reviewer,department,police,steward}', '{steward}', '{steward}'),
        ('place', '{collector,reviewer,department,police,steward}', '{steward}', '{steward}'),
        ('rental', '{collector,department,police,steward}', '{police,steward}', '{police,steward}'),
        ('inspection', '{collector,department,police,steward}', '{collector,department,police,steward}', '{steward}'),
        ('hazard', '{collector,department,police,steward}', '{collector,department,police,steward}', '{department,police,steward}'),
        ('visit', '{collector,reviewer,department,police,steward}', '{collector,reviewer,department,police,steward}', '{steward}'),
        ('headcount', '{steward}', '{steward}', '{steward}'),
        ('correction', '{collector,reviewer,steward}', '{collector,reviewer,steward}', '{reviewer,steward}'),
        ('dismissal', '{collector,reviewer,steward}', '{collector,reviewer,steward}', '{collector,reviewer,steward}'))
        as v (name, read, add, change)
    loop
        execute format('alter table %I enable row level security', t.name);
        execute format('grant select, insert on %I to gridpin_app', t.name);
        execute format('create policy %I on %I for select using ((select actor_role()) = any (%L) and %s)',
            t.name || '_read', t.name, t.read, ground);
        execute format('create policy %I on %I for insert with check ((select actor_role()) = any (%L) and %s)',
            t.name || '_insert', t.name, t.add, ground);
        execute format('create policy %I on %I for update using ((select actor_role()) = any (%L) and %s)',
            t.name || '_update', t.name, t.change, ground);
        -- Only the undo of an import withdraws a record.
        execute format('create policy %I on %I for delete using ((select actor_role()) = ''steward''
            and current_setting(''gridpin.batch'', true) = ''undo'' and %s)', t.name || '_withdraw', t.name, ground);
        execute format('alter table %I enable row level security', t.name || '_version');
        execute format('grant select on %I to gridpin_app', t.name || '_version');
        execute format('create policy %I on %I for select using ((select actor_role()) = any (%L) and %s)',
            t.name || '_version_read', t.name || '_version', t.read, ground);
    end loop;

    alter table grid_version enable row level security;
    grant select on grid_version to gridpin_app;
    create policy grid_version_read on grid_version for select
        using ((select everywhere()) or grid_code in (select grids_in_scope()));

    -- What may be updated: everything but the key, the scope and the version's own columns.
    for t in select * from (values ('grid'), ('address'), ('building'), ('place'), ('rental'), ('inspection'), ('hazard'),
        ('visit'), ('headcount')) as v (name)
    loop
        select string_agg(quote_ident(column_name), ', ') into content from information_schema.columns
            where table_schema = 'public' and table_name = t.name
            and column_name not in ('scope_grid', 'version', 'changed_at', 'changed_by')
            and column_name not in (select a.attname from pg_index i join pg_attribute a
                on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
                where i.indrelid = to_regclass(t.name) and i.indisprimary);
        execute format('grant update (%s), delete on %I to gridpin_app', content, t.name);
    end loop;
end $$;
grant update (state, review_reason) on correction to gridpin_app;
grant update (reason, until, ended_at, made_by, made_at) on dismissal to gridpin_app;
create trigger carry_scope after update on address referencing old table as old_rows new table as new_rows
    for each statement execute function carry_scope();

alter table batch enable row level security;
grant select, insert on batch to gridpin_app;
grant update (read, accepted, unchanged, rejected, undone_by, undone_at) on batch to gridpin_app;
create policy batch_steward on batch using ((select actor_role()) = 'steward') with check ((select actor_role()) = 'steward');

-- The feed names records of the whole city: it is for whoever may see that, in practice the service itself.
alter table change enable row level security;
grant select on change to gridpin_app;
create policy change_read on change for select using ((select everywhere()) and (select actor_role()) = 'steward');

-- An address may declare a grid outside the ground of whoever found that out. Row security lets nobody write a row that
-- they then can't see, so this is the one way: out of one's own ground, to any grid that there is.
create function hand_over(id text, base_version bigint, to_grid text) returns boolean
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if actor_role() is null or actor_role() not in ('collector', 'reviewer', 'steward') then
        return false;
    end if;
    if not exists (select from grid where grid_code = to_grid) then
        raise exception 'no grid %', to_grid using errcode = '23503', constraint = 'address_grid_known';
    end if;
    update address a set grid_code = to_grid
        where a.address_id = id and a.version = base_version
        and (everywhere() or a.scope_grid in (select grids_in_scope()));
    return found;
end $$;
