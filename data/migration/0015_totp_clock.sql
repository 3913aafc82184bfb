-- A code is used up with all before it. When the clock ran ahead and was set right, the last one used lies in the future:
-- with that rule alone nobody who signed in meanwhile could sign in until then. A server takes codes of one interval
-- before and one after, so that no clock that runs steadily leaves the last one more than two ahead.
create or replace function totp_use(account_name text, step bigint) returns boolean
    language sql security definer set search_path = public, pg_temp as $$
    with used as (
        update account_totp t set last_step = step
        where t.account = account_name and t.confirmed_at is not null and (t.last_step < step or t.last_step > step + 2)
        returning 1)
    select exists (select from used)
$$;
