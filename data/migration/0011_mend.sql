-- 成组纠正: a batch with one cause is mended in one action and taken back in one. The preview is the review: who mends has
-- the reviewer's right, sees every pin's place before and after, and accepts what detection worked out; no place is their own.

create table mend (
    mend_id    uuid not null,
    -- What was accepted: see city::group.
    group_id   text collate "C" not null,
    rule       text collate "C" not null,
    -- The collection batch, as addresses name it (not an import's number).
    batch      text collate "C" not null,
    pins       integer not null,
    note       text not null default '',
    made_by    text not null default actor(),
    made_at    timestamptz not null default now(),
    undone_by  text,
    undone_at  timestamptz,
    -- The lowest grid that holds all its addresses: who sees the mend sees each of them. Null where no grid does.
    scope_grid text collate "C",
    version    bigint not null default 1,
    changed_at timestamptz not null default now(),
    changed_by text not null default actor(),
    batch_id   bigint,
    constraint mend_pkey primary key (mend_id),
    constraint mend_of_something check (pins > 0),
    constraint mend_undo_whole check ((undone_by is null) = (undone_at is null))
);
create index mend_made on mend (made_at);
comment on table mend is '成组纠正: corrections of a whole batch, made and reviewed in one action, undone in one';

-- The corrections of a mend, one for each address.
alter table correction add column mend_id uuid constraint correction_mend_known references mend;
alter table correction_version add column mend_id uuid;
create index correction_mend on correction (mend_id) where mend_id is not null;

-- Who made a correction does not review it, but for those of a mend: there the maker is detection, and the person reviews.
alter table correction drop constraint correction_reviewer_is_not_collector;
alter table correction add constraint correction_reviewer_is_not_collector
    check (reviewed_by <> made_by or mend_id is not null);

-- The lowest grid at or above all of these; null when there is none, or when one of them is null.
create function common_grid(codes text[]) returns text
    language sql stable security definer set search_path = public, pg_temp as $$
    with recursive above (leaf, grid_code, steps) as (
        select c, g.grid_code, 0 from unnest(codes) c join grid g on g.grid_code = c
        union all
        select a.leaf, g.parent_code, a.steps + 1 from above a join grid g using (grid_code)
            where g.parent_code is not null and a.steps < 16
    )
    select grid_code from above group by grid_code
    having count(distinct leaf) = (select count(distinct coalesce(c, '')) from unnest(codes) c)
    order by min(steps), grid_code limit 1
$$;

create function make_mend() returns trigger language plpgsql as $$
begin
    new.made_by := actor();
    new.made_at := now();
    new.undone_by := null;
    new.undone_at := null;
    return new;
end $$;
create trigger make before insert on mend for each row execute function make_mend();

create function undo_mend() returns trigger language plpgsql as $$
begin
    if old.undone_at is not null then
        raise exception 'already undone' using errcode = '23514', constraint = 'mend_undone_once';
    end if;
    new.undone_by := actor();
    new.undone_at := now();
    return new;
end $$;
create trigger undo before update of undone_at on mend for each row execute function undo_mend();

-- A correction bears a mend's number only in the transaction that makes the mend; then it is reviewed as it is made.
create or replace function make_correction() returns trigger language plpgsql as $$
begin
    new.made_by := actor();
    new.made_at := now();
    new.state := 'unverified';
    new.reviewed_by := null;
    new.reviewed_at := null;
    if new.mend_id is not null then
        if not exists (select from mend m where m.mend_id = new.mend_id and m.made_by = actor() and m.made_at = now()) then
            raise exception 'not of this mend' using errcode = '42501';
        end if;
        new.state := 'verified';
        new.reviewed_by := actor();
        new.reviewed_at := now();
    end if;
    return new;
end $$;

-- What a mend made goes back only with the mend, in the transaction that undoes it.
create or replace function review_correction() returns trigger language plpgsql as $$
begin
    if old.mend_id is not null and old.state = 'verified' and new.state = 'rejected' and exists (
        select from mend m where m.mend_id = old.mend_id and m.undone_by = actor() and m.undone_at = now())
    then
        new.reviewed_by := actor();
        new.reviewed_at := now();
        return new;
    end if;
    if old.state <> 'unverified' then
        raise exception 'already reviewed' using errcode = '23514', constraint = 'correction_reviewed_once';
    end if;
    if old.made_by = actor() then
        raise exception 'reviewed by its collector' using errcode = '23514',
            constraint = 'correction_reviewer_is_not_collector';
    end if;
    new.reviewed_by := actor();
    new.reviewed_at := now();
    return new;
end $$;

-- History and feed, as for every record (0003_history_and_feed.sql).
create table mend_version (superseded_at timestamptz not null, superseded_by text not null, superseded_how text not null,
    like mend);
create index mend_version_key on mend_version (mend_id, version);
create trigger stamp before update of undone_at on mend for each row execute function stamp();
create trigger keep_insert after insert on mend referencing new table as new_rows
    for each statement execute function keep_insert('mend_id', 'mend_id::text');
create trigger keep_update after update on mend referencing old table as old_rows new table as new_rows
    for each statement execute function keep_update('mend_id', 'mend_id::text');
create trigger keep_delete after delete on mend referencing old table as old_rows
    for each statement execute function keep_delete('mend_id', 'mend_id::text');

-- Who may see and do it: reviewers and stewards, where every address of it lies on their ground.
do $$
declare
    ground constant text := '((select actor_role()) in (''reviewer'', ''steward'')
        and ((select everywhere()) or scope_grid in (select grids_in_scope())))';
begin
    alter table mend enable row level security;
    grant select, insert on mend to gridpin_app;
    grant update (undone_at) on mend to gridpin_app;
    execute format('create policy mend_read on mend for select using %s', ground);
    execute format('create policy mend_insert on mend for insert with check %s', ground);
    execute format('create policy mend_update on mend for update using %s', ground);
    alter table mend_version enable row level security;
    grant select on mend_version to gridpin_app;
    execute format('create policy mend_version_read on mend_version for select using %s', ground);
end $$;
