-- What an account does for itself: its sessions, its password, its second factor, its API tokens.

-- Whether a grid is another one or lies below it; below null, the whole city, lies everything.
create function is_below(code text, top text) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    with recursive up (grid_code, parent_code) as (
        select g.grid_code, g.parent_code from grid g where g.grid_code = code
        union
        select g.grid_code, g.parent_code from grid g join up u on g.grid_code = u.parent_code
    )
    select top is null or exists (select from up where up.grid_code = top)
$$;
revoke all on function is_below(text, text) from public;

-- --- Sessions --------------------------------------------------------------------------------------------------------

-- The token's hash never leaves the table: a session is named by a number of its own.
alter table session
    add column session_id uuid not null default gen_random_uuid() constraint session_id_once unique,
    -- Where it was opened from: a network address, and what the browser calls itself.
    add column address text not null default '',
    add column agent   text not null default '';

drop function session_open(bytea, text, interval);
create function session_open(new_token_hash bytea, account_name text, lifetime interval, from_address text, from_agent text)
    returns void
    language sql security definer set search_path = public, pg_temp as $$
    -- Those that ended long ago tell nobody anything any more; the audit log keeps that they were.
    delete from session where account = account_name and expires_at < now() - interval '30 days';
    insert into session (token_hash, account, expires_at, address, agent)
        select new_token_hash, a.name, now() + lifetime, left(from_address, 64), left(from_agent, 200)
        from account a where a.name = account_name and a.active
$$;

-- The living sessions of an account, for its owner; `mine` is the one that asks.
create function session_list(my_token_hash bytea, idle interval)
    returns table (session_id uuid, made_at timestamptz, seen_at timestamptz, expires_at timestamptz, address text,
                   agent text, mine boolean)
    language sql stable security definer set search_path = public, pg_temp as $$
    select s.session_id, s.made_at, s.seen_at, s.expires_at, s.address, s.agent, s.token_hash = my_token_hash
    from session s
    where s.account = actor() and s.ended_at is null and s.expires_at > now() and s.seen_at > now() - idle
    order by s.seen_at desc, s.session_id
$$;

-- Ends one session of the actor; false when there is no such one.
create function session_revoke(which uuid) returns boolean
    language sql security definer set search_path = public, pg_temp as $$
    with ended as (
        update session s set ended_at = now() where s.session_id = which and s.account = actor() and s.ended_at is null
        returning 1)
    select exists (select from ended)
$$;

-- Ends every session of an account, the actor's own or, for a steward of the whole city, another's; says how many.
create function session_end_all(account_name text) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    ended bigint;
begin
    if account_name is distinct from actor() and not (actor_role() = 'steward' and everywhere()) then
        raise exception 'not yours' using errcode = '42501';
    end if;
    update session s set ended_at = now() where s.account = account_name and s.ended_at is null and s.expires_at > now();
    get diagnostics ended = row_count;
    return ended;
end $$;

revoke all on function session_open(bytea, text, interval, text, text), session_list(bytea, interval),
    session_revoke(uuid), session_end_all(text) from public;
grant execute on function session_open(bytea, text, interval, text, text), session_list(bytea, interval),
    session_revoke(uuid), session_end_all(text) to gridpin_app;

-- --- Own password ----------------------------------------------------------------------------------------------------

-- What the actor's own password is checked against, and its change; the trigger on account ends all sessions.
create function own_password(new_hash text) returns boolean
    language sql security definer set search_path = public, pg_temp as $$
    with changed as (update account a set password_hash = new_hash where a.name = actor() and a.active returning 1)
    select exists (select from changed)
$$;
revoke all on function own_password(text) from public;
grant execute on function own_password(text) to gridpin_app;

-- --- Second factor: time-based one-time passwords (RFC 6238) -----------------------------------------------------------

create table account_totp (
    account      text collate "C" constraint account_totp_pkey primary key
                 constraint account_totp_known references account on delete cascade,
    secret       bytea not null,
    -- Asked for only once its owner has shown that the phone has it.
    confirmed_at timestamptz,
    -- The last interval of 30 seconds whose number was used: none is good twice.
    last_step    bigint not null default 0
);
-- No policy and no grant: only the functions below touch it.
alter table account_totp enable row level security;

create function totp_begin(new_secret bytea) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into account_totp (account, secret) values (actor(), new_secret)
        on conflict (account) do update set secret = excluded.secret where account_totp.confirmed_at is null;
    if not found then
        raise exception 'on already' using errcode = '23514', constraint = 'totp_once';
    end if;
end $$;

create function totp_pending() returns bytea
    language sql stable security definer set search_path = public, pg_temp as $$
    select t.secret from account_totp t where t.account = actor() and t.confirmed_at is null
$$;

create function totp_confirm(step bigint) returns boolean
    language sql security definer set search_path = public, pg_temp as $$
    with confirmed as (
        update account_totp t set confirmed_at = now(), last_step = step
        where t.account = actor() and t.confirmed_at is null returning 1)
    select exists (select from confirmed)
$$;

-- Before anybody is signed in, after the password was right: what to check a code against.
create function totp_secret(account_name text) returns bytea
    language sql stable security definer set search_path = public, pg_temp as $$
    select t.secret from account_totp t where t.account = account_name and t.confirmed_at is not null
$$;

-- Uses the code of an interval up; false when it or a later one was used before.
create function totp_use(account_name text, step bigint) returns boolean
    language sql security definer set search_path = public, pg_temp as $$
    with used as (
        update account_totp t set last_step = step
        where t.account = account_name and t.confirmed_at is not null and t.last_step < step returning 1)
    select exists (select from used)
$$;

create function totp_remove(account_name text) returns boolean
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if account_name is distinct from actor() and not (actor_role() = 'steward' and everywhere()) then
        raise exception 'not yours' using errcode = '42501';
    end if;
    delete from account_totp t where t.account = account_name;
    return found;
end $$;

revoke all on function totp_begin(bytea), totp_pending(), totp_confirm(bigint), totp_secret(text),
    totp_use(text, bigint), totp_remove(text) from public;
grant execute on function totp_begin(bytea), totp_pending(), totp_confirm(bigint), totp_secret(text),
    totp_use(text, bigint), totp_remove(text) to gridpin_app;

-- --- API tokens ------------------------------------------------------------------------------------------------------

create table api_token (
    token_id   uuid constraint api_token_pkey primary key default gen_random_uuid(),
    token_hash bytea not null constraint api_token_hash_once unique,
    account    text collate "C" not null constraint api_token_account_known references account on delete cascade,
    label      text not null constraint api_token_label_given check (label ~ '\S' and length(label) <= 80),
    -- Its ground: a grid on the account's own ground; null is all of that.
    scope_grid text collate "C" constraint api_token_scope_known references grid on delete cascade,
    read_only  boolean not null,
    made_at    timestamptz not null default now(),
    made_by    text not null default actor(),
    expires_at timestamptz not null,
    seen_at    timestamptz,
    revoked_at timestamptz,
    constraint api_token_lifetime check (expires_at <= made_at + interval '366 days')
);
create index api_token_account on api_token (account);
-- No policy and no grant: only the functions below touch it.
alter table api_token enable row level security;

create function api_token_make(new_hash bytea, account_name text, new_label text, new_scope text, reads_only boolean,
                               lifetime interval) returns uuid
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    made uuid;
begin
    if account_name is distinct from actor() and not (actor_role() = 'steward' and everywhere()) then
        raise exception 'not yours' using errcode = '42501';
    end if;
    if new_scope is not null and not exists (select from grid g where g.grid_code = new_scope) then
        raise exception 'no such grid' using errcode = '23503', constraint = 'api_token_scope_known';
    end if;
    insert into api_token (token_hash, account, label, scope_grid, read_only, expires_at)
        select new_hash, a.name, new_label, new_scope, reads_only, now() + lifetime
        from account a
        where a.name = account_name and a.active and (new_scope is null or is_below(new_scope, a.scope_grid))
        returning token_id into made;
    if made is null and exists (select from account a where a.name = account_name and a.active) then
        raise exception 'wider' using errcode = '23514', constraint = 'api_token_on_own_ground';
    end if;
    return made;
end $$;

-- Whose token it is and for which ground, if it is alive. A token never reaches further than its account does now.
create function api_token_find(known_hash bytea)
    returns table (token_id uuid, name text, role text, scope_grid text, read_only boolean)
    language sql security definer set search_path = public, pg_temp as $$
    -- At most one write a minute.
    update api_token t set seen_at = now()
        where t.token_hash = known_hash and t.revoked_at is null and t.expires_at > now()
        and (t.seen_at is null or t.seen_at < now() - interval '1 minute');
    select t.token_id, a.name, a.role, coalesce(t.scope_grid, a.scope_grid), t.read_only
        from api_token t join account a on a.name = t.account
        where t.token_hash = known_hash and t.revoked_at is null and t.expires_at > now() and a.active
        and (t.scope_grid is null or is_below(t.scope_grid, a.scope_grid))
$$;

create function api_token_list(account_name text)
    returns table (token_id uuid, label text, scope_grid text, read_only boolean, made_at timestamptz, made_by text,
                   expires_at timestamptz, seen_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp as $$
    select t.token_id, t.label, t.scope_grid, t.read_only, t.made_at, t.made_by, t.expires_at, t.seen_at
    from api_token t
    where t.account = account_name and t.revoked_at is null and t.expires_at > now()
    and (account_name = actor() or (actor_role() = 'steward' and everywhere()))
    order by t.made_at desc, t.token_id
$$;

-- Takes a token of one's own back, or as a steward of the whole city anybody's; says whose it was.
create function api_token_revoke(which uuid) returns text
    language sql security definer set search_path = public, pg_temp as $$
    update api_token t set revoked_at = now()
    where t.token_id = which and t.revoked_at is null
    and (t.account = actor() or (actor_role() = 'steward' and everywhere()))
    returning t.account
$$;

revoke all on function api_token_make(bytea, text, text, text, boolean, interval), api_token_find(bytea),
    api_token_list(text), api_token_revoke(uuid) from public;
grant execute on function api_token_make(bytea, text, text, text, boolean, interval), api_token_find(bytea),
    api_token_list(text), api_token_revoke(uuid) to gridpin_app;

-- Whoever lost a right or got a new password signs in anew, and makes new tokens.
create or replace function change_account() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if old.name = actor() and (new.role, new.scope_grid, new.active) is distinct from (old.role, old.scope_grid, old.active) then
        raise exception 'own rights' using errcode = '23514', constraint = 'account_nobody_raises_own_role';
    end if;
    new.changed_at := now();
    new.changed_by := actor();
    update session set ended_at = now() where account = old.name and ended_at is null;
    update api_token set revoked_at = now() where account = old.name and revoked_at is null;
    return new;
end $$;
