-- Who collected a correction doesn't verify it; who found a hazard doesn't close it; nobody changes their own rights.

create function review_correction() returns trigger language plpgsql as $$
begin
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
create trigger review before update of state on correction for each row execute function review_correction();

create function make_correction() returns trigger language plpgsql as $$
begin
    new.made_by := actor();
    new.made_at := now();
    new.state := 'unverified';
    new.reviewed_by := null;
    new.reviewed_at := null;
    return new;
end $$;
create trigger make before insert on correction for each row execute function make_correction();

create function make_dismissal() returns trigger language plpgsql as $$
begin
    new.made_by := actor();
    return new;
end $$;
create trigger make before insert or update on dismissal for each row execute function make_dismissal();

-- A hazard's loop: open, assigned, mended, closed; a mended one that isn't in order goes back. An import brings hazards as
-- another register knew them, in whatever state, and the checker has its opinion on those (hazard_self_closed).
create function step_hazard() returns trigger language plpgsql as $$
begin
    if current_setting('gridpin.batch', true) <> '' then
        return new;
    end if;
    if tg_op = 'INSERT' then
        new.state := 'open';
        new.found_by := actor();
        new.closed_by := null;
        new.closed_at := null;
        return new;
    end if;
    new.found_by := old.found_by;
    new.found_at := old.found_at;
    if new.state <> old.state then
        if (old.state, new.state) not in (('open', 'assigned'), ('open', 'mended'), ('assigned', 'mended'),
                                          ('mended', 'closed'), ('mended', 'assigned')) then
            raise exception 'from % to %', old.state, new.state using errcode = '23514', constraint = 'hazard_step_known';
        end if;
        if new.state = 'closed' then
            if old.found_by = actor() then
                raise exception 'closed by its finder' using errcode = '23514', constraint = 'hazard_closer_is_not_finder';
            end if;
            new.closed_by := actor();
            new.closed_at := now();
        end if;
    end if;
    return new;
end $$;
create trigger step before insert or update on hazard for each row execute function step_hazard();
