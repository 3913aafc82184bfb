-- Who may do what, decided by the database itself.
--
-- Two roles. gridpin_owner owns every table and function and is used by `gridpin migrate` alone. gridpin_app is what the
-- service and the commands run as: it owns nothing, bypasses nothing, and sees a row only through the policies below.
--
-- Every transaction of gridpin_app says who acts, by three settings that end with it:
--     gridpin.actor   the account's name
--     gridpin.role    collector, reviewer, department, police, leader or steward
--     gridpin.scope   '*' for the whole city, or the code of a grid, for that grid and all below it
-- After a commit such a setting reads as an empty string, not as null: both mean that nobody acts, and nobody sees nothing.

revoke all on schema public from public;
grant usage on schema public to gridpin_app;

create function actor() returns text
    language sql stable parallel safe
    return nullif(current_setting('gridpin.actor', true), '');

create function actor_role() returns text
    language sql stable parallel safe
    return case when nullif(current_setting('gridpin.actor', true), '') is not null
                then nullif(current_setting('gridpin.role', true), '') end;

-- Whether the actor's scope is the whole city.
create function everywhere() returns boolean
    language sql stable parallel safe
    return coalesce(nullif(current_setting('gridpin.actor', true), '') is not null
                    and current_setting('gridpin.scope', true) = '*', false);

-- The running import's number (batch.batch_id), if one runs.
create function running_batch() returns bigint
    language sql stable parallel safe
    return nullif(nullif(current_setting('gridpin.batch', true), ''), 'undo')::bigint;
