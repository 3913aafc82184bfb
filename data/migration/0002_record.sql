-- The records of a city. Geometry is CGCS2000 (EPSG:4490), longitude first, in degrees; pins may lie nowhere on earth,
-- because a wrong pin is stored as it was collected.
--
-- Every record has the same tail:
--     source_hash   hash of the file row that last wrote it: the same row again changes nothing, whatever people mended since
--     batch_id      the import that wrote this version; null when a person did
--     version       from 1, one more with every change
--     changed_at, changed_by
-- and `scope_grid`, the grid by which row security decides who sees it.
-- Keys compare byte by byte (collate "C"): fast, and the same on every machine.

create table batch (
    batch_id    bigint generated always as identity constraint batch_pkey primary key,
    name        text not null,
    kind        text not null,
    file        text not null,
    file_hash   bytea,
    read        bigint not null default 0,
    accepted    bigint not null default 0,
    unchanged   bigint not null default 0,
    rejected    bigint not null default 0,
    made_by     text not null default actor(),
    made_at     timestamptz not null default now(),
    undone_by   text,
    undone_at   timestamptz,
    constraint batch_adds_up check (read = accepted + unchanged + rejected)
);
comment on table batch is 'imports: each can be undone as a whole';

create table grid (
    grid_code   text collate "C" not null,
    level       text not null,
    name        text not null,
    parent_code text collate "C",
    polygon     geometry(MultiPolygon, 4490) not null,
    valid_from  date,
    valid_to    date,
    source_hash bytea,
    batch_id    bigint,
    version     bigint not null default 1,
    changed_at  timestamptz not null default now(),
    changed_by  text not null default actor(),
    constraint grid_pkey primary key (grid_code),
    -- Checked at the end: a file may name a child before its parent.
    constraint grid_parent_known foreign key (parent_code) references grid deferrable initially deferred,
    constraint grid_code_form check (grid_code <> '' and length(grid_code) <= 64),
    constraint grid_not_its_own_parent check (parent_code <> grid_code),
    constraint grid_level_known check (level in ('district', 'street', 'village', 'grid', 'microgrid')),
    constraint grid_validity check (valid_from <= valid_to)
);
create index grid_polygon on grid using gist (polygon);
create index grid_parent on grid (parent_code);
comment on table grid is '网格: the polygons by which a neighbourhood is looked after, in five levels';

-- No foreign keys on grid_code and building_id: they would look up a million rows of an import one by one. The import and
-- the corrections check the grid, all at once; grids in use are not withdrawn (see store::import).
create table address (
    address_id    text collate "C" not null,
    full_text     text not null default '',
    province      text not null default '',
    city          text not null default '',
    county        text not null default '',
    town          text not null default '',
    village       text not null default '',
    grid_name     text not null default '',
    group_name    text not null default '',
    road          text not null default '',
    house_number  text not null default '',
    compound      text not null default '',
    building      text not null default '',
    unit          text not null default '',
    floor         text not null default '',
    room          text not null default '',
    grid_code     text collate "C",
    pin           geometry(Point, 4490),
    pin_kind      text,
    pin_method    text,
    accuracy_m    real,
    collected_at  timestamptz,
    collector     text,
    -- Further positions, ranked, as an array: they change with the address and are versioned with it.
    positions     jsonb,
    building_id   text collate "C",
    status        text not null default 'active',
    ended_on      date,
    verified_on   date,
    collection    text,
    scope_grid    text collate "C",
    source_hash   bytea,
    batch_id      bigint,
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    constraint address_pkey primary key (address_id),
    constraint address_id_form check (address_id <> '' and length(address_id) <= 128),
    constraint address_pin_whole check ((pin is null) = (pin_kind is null) and (pin is null) = (pin_method is null)),
    constraint address_pin_kind_known
        check (pin_kind in ('door', 'unit_entrance', 'building', 'room', 'courtyard', 'fire_access')),
    constraint address_pin_method_known check (pin_method in ('phone', 'map', 'survey', 'suggested', 'register')),
    constraint address_accuracy_form check (accuracy_m >= 0),
    constraint address_status_known check (status in ('active', 'demolished', 'merged')),
    constraint address_active_has_no_end check (status <> 'active' or ended_on is null)
);
create index address_pin on address using gist (pin);
create index address_scope on address (scope_grid);
comment on table address is '标准地址: with its pin; ends, but is never deleted';
comment on column address.collection is 'the collection batch that the file names';

create table building (
    building_id   text collate "C" not null,
    full_text     text not null default '',
    province      text not null default '',
    city          text not null default '',
    county        text not null default '',
    town          text not null default '',
    village       text not null default '',
    grid_name     text not null default '',
    group_name    text not null default '',
    road          text not null default '',
    house_number  text not null default '',
    compound      text not null default '',
    building      text not null default '',
    unit          text not null default '',
    floor         text not null default '',
    room          text not null default '',
    -- An outline, or a point where only that is known.
    footprint     geometry(Geometry, 4490) not null,
    floors        integer,
    kind          text not null default 'unknown',
    grid_code     text collate "C",
    standing      boolean not null default true,
    scope_grid    text collate "C",
    source_hash   bytea,
    batch_id      bigint,
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    constraint building_pkey primary key (building_id),
    constraint building_id_form check (building_id <> '' and length(building_id) <= 128),
    constraint building_footprint_form check (geometrytype(footprint) in ('POINT', 'MULTIPOLYGON')),
    constraint building_kind_known check (kind in ('residential', 'commercial', 'industrial', 'public', 'unknown')),
    constraint building_floors_form check (floors between 0 and 65535)
);
create index building_footprint on building using gist (footprint);
create index building_scope on building (scope_grid);
comment on table building is '建筑物';

create table place (
    place_id      text collate "C" not null,
    name          text not null,
    kind          text not null,
    address_id    text collate "C",
    at            geometry(Point, 4490),
    scope_grid    text collate "C",
    source_hash   bytea,
    batch_id      bigint,
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    constraint place_pkey primary key (place_id),
    constraint place_address_known foreign key (address_id) references address,
    constraint place_kind_known check (kind in
        ('shop', 'restaurant', 'factory', 'warehouse', 'school', 'clinic', 'lodging', 'site', 'other'))
);
create index place_address on place (address_id);
comment on table place is '场所: a name, a kind, an address; no person';

create table rental (
    rental_id     text collate "C" not null,
    address_id    text collate "C",
    registered_on date,
    space         text not null default 'residential',
    rooms         integer,
    occupants     integer,
    status        text not null default 'active',
    scope_grid    text collate "C",
    source_hash   bytea,
    batch_id      bigint,
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    constraint rental_pkey primary key (rental_id),
    constraint rental_address_known foreign key (address_id) references address,
    constraint rental_space_known check (space in ('residential', 'basement', 'half_basement', 'non_residential')),
    constraint rental_status_known check (status in ('active', 'ended')),
    constraint rental_rooms_form check (rooms between 0 and 65535),
    constraint rental_occupants_form check (occupants between 0 and 65535)
);
create index rental_address on rental (address_id);
comment on table rental is '出租房: counts of occupants only; no person';

create table inspection (
    inspection_id text collate "C" not null,
    rental_id     text collate "C" not null,
    at            timestamptz not null,
    -- One finding for each of the eight check items, in the order of the form.
    findings      text[] not null,
    inspector     text not null,
    scope_grid    text collate "C",
    source_hash   bytea,
    batch_id      bigint,
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    constraint inspection_pkey primary key (inspection_id),
    constraint inspection_rental_known foreign key (rental_id) references rental,
    constraint inspection_findings_form
        check (cardinality(findings) = 8 and findings <@ array['pass', 'fail', 'not_applicable'])
);
create index inspection_rental on inspection (rental_id);
comment on table inspection is '消防检查: a rental, by eight check items';

create table hazard (
    hazard_id     text collate "C" not null,
    address_id    text collate "C" not null,
    rental_id     text collate "C",
    item          text not null,
    severity      text not null,
    state         text not null default 'open',
    found_at      timestamptz not null,
    found_by      text not null,
    due_on        date,
    closed_at     timestamptz,
    closed_by     text,
    -- What was written at the last step.
    note          text not null default '',
    scope_grid    text collate "C",
    source_hash   bytea,
    batch_id      bigint,
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    constraint hazard_pkey primary key (hazard_id),
    constraint hazard_address_known foreign key (address_id) references address,
    constraint hazard_rental_known foreign key (rental_id) references rental,
    constraint hazard_item_known check (item in ('wiring', 'ebike_charging', 'gas', 'escape_route', 'barred_window',
                                                 'extinguisher', 'smoke_alarm', 'combustible_partition')),
    constraint hazard_severity_known check (severity in ('minor', 'serious', 'major')),
    constraint hazard_state_known check (state in ('open', 'assigned', 'mended', 'closed')),
    constraint hazard_closing_whole check ((state = 'closed') = (closed_by is not null)
                                           and (state = 'closed') = (closed_at is not null))
);
create index hazard_address on hazard (address_id);
create index hazard_rental on hazard (rental_id);
comment on table hazard is '隐患: found, assigned, mended, closed by somebody other than the finder';

create table visit (
    visit_id      uuid not null,
    address_id    text collate "C" not null,
    at            timestamptz not null,
    by            text not null,
    outcome       text not null,
    scope_grid    text collate "C",
    source_hash   bytea,
    batch_id      bigint,
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    constraint visit_pkey primary key (visit_id),
    constraint visit_address_known foreign key (address_id) references address,
    constraint visit_outcome_known check (outcome in ('confirmed', 'not_met', 'not_found', 'corrected'))
);
create index visit_address on visit (address_id);
comment on table visit is '走访: when, by which account, with what outcome; no word about a person';

create table headcount (
    grid_code     text collate "C" not null,
    care_group    text not null,
    count         integer not null,
    counted_on    date not null,
    scope_grid    text collate "C",
    source_hash   bytea,
    batch_id      bigint,
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    constraint headcount_pkey primary key (grid_code, care_group),
    constraint headcount_grid_known foreign key (grid_code) references grid,
    -- The list is closed: see domain::headcount for what is deliberately no group here.
    constraint headcount_group_known check (care_group in ('living_alone', 'over_80', 'empty_nest', 'left_behind',
        'disabled', 'low_income', 'children_without_carers', 'special_support')),
    constraint headcount_count_form check (count >= 0)
);
comment on table headcount is '关爱群体人数: how many of a care group in a grid, never who; leaves the store as bands only';

create table correction (
    correction_id uuid not null,
    address_id    text collate "C" not null,
    base_version  bigint not null,
    -- The address version that it made; the version before it is what a rejection restores.
    made_version  bigint not null,
    change        jsonb not null,
    before        geometry(Point, 4490),
    observed      jsonb,
    note          text not null default '',
    made_by       text not null default actor(),
    made_at       timestamptz not null default now(),
    state         text not null default 'unverified',
    reviewed_by   text,
    reviewed_at   timestamptz,
    review_reason text,
    scope_grid    text collate "C",
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    batch_id      bigint,
    constraint correction_pkey primary key (correction_id),
    constraint correction_address_known foreign key (address_id) references address,
    constraint correction_state_known check (state in ('unverified', 'verified', 'rejected')),
    constraint correction_review_whole check ((state = 'unverified') = (reviewed_by is null)
                                              and (state = 'unverified') = (reviewed_at is null)),
    constraint correction_reviewer_is_not_collector check (reviewed_by <> made_by)
);
create index correction_address on correction (address_id);
create index correction_waiting on correction (made_at) where state = 'unverified';
comment on table correction is '更正: in force at once, verified or taken back by somebody else';

create table dismissal (
    flag_id       text collate "C" not null,
    address_id    text collate "C" not null,
    reason        text not null,
    until         date not null,
    made_by       text not null default actor(),
    made_at       timestamptz not null default now(),
    ended_at      timestamptz,
    scope_grid    text collate "C",
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    batch_id      bigint,
    constraint dismissal_pkey primary key (flag_id),
    constraint dismissal_address_known foreign key (address_id) references address,
    constraint dismissal_reason_given check (reason <> '')
);
create index dismissal_address on dismissal (address_id);
comment on table dismissal is 'flags that somebody looked at and found to be no error, until a day';
