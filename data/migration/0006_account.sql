-- Accounts and their login sessions. Names are work codes, never a person's name.

create table account (
    name          text collate "C" not null,
    role          text not null,
    -- The grid below which the account works; null for the whole city.
    scope_grid    text collate "C",
    -- argon2id, in PHC form. Nobody reads it but account_secret().
    password_hash text not null,
    active        boolean not null default true,
    made_at       timestamptz not null default now(),
    changed_at    timestamptz not null default now(),
    changed_by    text not null default actor(),
    constraint account_pkey primary key (name),
    constraint account_name_form check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    constraint account_role_known check (role in ('collector', 'reviewer', 'department', 'police', 'leader', 'steward')),
    constraint account_scope_known foreign key (scope_grid) references grid
);
alter table account enable row level security;
grant select (name, role, scope_grid, active, made_at, changed_at, changed_by) on account to gridpin_app;
grant insert on account to gridpin_app;
grant update (role, scope_grid, password_hash, active) on account to gridpin_app;
create policy account_own on account for select using (name = (select actor()));
create policy account_steward on account
    using ((select actor_role()) = 'steward' and (select everywhere()))
    with check ((select actor_role()) = 'steward' and (select everywhere()));

create table session (
    -- SHA-256 of the token in the cookie: a reader of this table can't sign in with it.
    token_hash bytea constraint session_pkey primary key,
    account    text collate "C" not null constraint session_account_known references account on delete cascade,
    made_at    timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at   timestamptz
);
create index session_account on session (account);
-- No policy and no grant: only the functions below touch it.
alter table session enable row level security;

create function change_account() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if old.name = actor() and (new.role, new.scope_grid, new.active) is distinct from (old.role, old.scope_grid, old.active) then
        raise exception 'own rights' using errcode = '23514', constraint = 'account_nobody_raises_own_role';
    end if;
    new.changed_at := now();
    new.changed_by := actor();
    -- Whoever lost a right or got a new password signs in anew.
    update session set ended_at = now() where account = old.name and ended_at is null;
    return new;
end $$;
create trigger change before update on account for each row execute function change_account();

-- Before anybody is signed in: what to check a password against.
create function account_secret(account_name text)
    returns table (password_hash text, role text, scope_grid text)
    language sql stable security definer set search_path = public, pg_temp as $$
    select a.password_hash, a.role, a.scope_grid from account a where a.name = account_name and a.active
$$;

create function session_open(new_token_hash bytea, account_name text, lifetime interval) returns void
    language sql security definer set search_path = public, pg_temp as $$
    insert into session (token_hash, account, expires_at)
        select new_token_hash, a.name, now() + lifetime from account a where a.name = account_name and a.active
$$;

-- Whose session it is, if it is alive; it stays alive as long as it is used at least every `idle`.
create function session_find(known_token_hash bytea, idle interval)
    returns table (name text, role text, scope_grid text)
    language sql security definer set search_path = public, pg_temp as $$
    -- At most one write a minute.
    update session set seen_at = now() where token_hash = known_token_hash and seen_at < now() - interval '1 minute'
        and ended_at is null and expires_at > now() and seen_at > now() - idle;
    select a.name, a.role, a.scope_grid from session s join account a on a.name = s.account
        where s.token_hash = known_token_hash and s.ended_at is null and s.expires_at > now() and s.seen_at > now() - idle
        and a.active
$$;

create function session_end(known_token_hash bytea) returns void
    language sql security definer set search_path = public, pg_temp as $$
    update session set ended_at = now() where token_hash = known_token_hash and ended_at is null
$$;

revoke all on function account_secret(text), session_open(bytea, text, interval), session_find(bytea, interval),
    session_end(bytea) from public;
grant execute on function account_secret(text), session_open(bytea, text, interval), session_find(bytea, interval),
    session_end(bytea) to gridpin_app;
