-- A first import ends sooner: what nobody asks for is not built, and what needs no change is not written.

-- Row security asks by a hash table of the actor's grids, and the City by nothing at all: no query went by these.
drop index address_scope;
drop index building_scope;

create or replace function import_close(kind text) returns void
    language plpgsql security definer set search_path = public, pg_temp set maintenance_work_mem = '256MB' as $$
declare
    one text;
    definitions text[];
    ground text;
    homeless boolean;
begin
    delete from opened o where o.kind = import_close.kind returning o.restore into strict definitions;
    -- Looking costs a fifth of an update that finds nothing.
    execute format('select exists (select from %I where grid_code is null or scope_grid is distinct from grid_code)', kind)
        into homeless;
    if homeless then
        ground := case kind when 'address' then 'pin' else 'st_centroid(footprint)' end;
        execute format('update %I set scope_grid = coalesce(grid_code, locate(%s))
            where grid_code is null or scope_grid is distinct from grid_code', kind, ground);
    end if;
    foreach one in array definitions loop
        execute one;
    end loop;
    execute format('alter table %I enable trigger user, enable row level security', kind);
    execute format('insert into change (kind, op, batch_id) select %L, ''put'', running_batch() where exists (select from %I)',
        kind, kind);
    perform pg_notify('gridpin_change', '');
end $$;
