#!/usr/bin/env bash
# Sets up what gridpin needs on Debian 12, and nothing that is there already.
#
#   ./setup.sh install [test|bench]   Debian packages that are missing ("test": Chromium, a Chinese font and a false clock
#                                     as well; "bench": what the benchmarks measure with)
#   ./setup.sh start FOLDER [test]    a private PostgreSQL 15 with PostGIS below FOLDER, made if needed, and running
#                                     ("test": fast and forgetful, for tests only)
#   ./setup.sh stop FOLDER            stops it
#   ./setup.sh is-empty FOLDER        succeeds when no address has been stored yet
#
# FOLDER then holds  database-url  (the application's role; every command takes it as --database),
#                    owner-url     (the role that owns the tables, for `gridpin migrate`),
#                    admin-url     (the superuser of this private cluster).
# The cluster listens on 127.0.0.1 only, on a port of its own. The system's own clusters are never touched.
set -euo pipefail

pg_bin=/usr/lib/postgresql/15/bin
run_packages=(build-essential pkg-config libgdal-dev libisal-dev gdal-bin postgresql-15 postgresql-15-postgis-3)
test_packages=(chromium fonts-noto-cjk libfaketime)
bench_packages=(wrk time python3-venv)

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# --- Debian packages -------------------------------------------------------------------------------------------------

install_packages() {
    local wanted=("${run_packages[@]}") missing=() package
    [[ ${1:-} == test ]] && wanted+=("${test_packages[@]}")
    [[ ${1:-} == bench ]] && wanted+=("${bench_packages[@]}")
    for package in "${wanted[@]}"; do
        [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            missing+=("$package")
    done
    local tool
    for tool in cargo node npm; do
        command -v "$tool" >/dev/null || die "$tool is missing: install Rust (rustup.rs) and Node.js 20 or later first" \
            "/ 缺少 $tool:请先安装 Rust 与 Node.js 20 以上版本"
    done
    ((${#missing[@]})) || return 0

    local root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || die "these packages are missing and only root can install them; as root run:" \
            "apt-get install --no-install-recommends ${missing[*]} / 缺少以上软件包,请以 root 身份安装"
        root=(sudo)
    fi
    say "installing ${missing[*]}"
    "${root[@]}" apt-get update -qq || say "apt-get update failed; trying with the lists that are there"
    # Debian's package makes and starts a cluster of its own when PostgreSQL is new here. Nobody asked for one.
    if [[ ! -e /etc/postgresql-common && " ${missing[*]} " == *" postgresql-15 "* ]]; then
        "${root[@]}" mkdir -p /etc/postgresql-common/createcluster.d
        echo 'create_main_cluster = false' |
            "${root[@]}" tee /etc/postgresql-common/createcluster.d/gridpin.conf >/dev/null
    fi
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
        die "apt-get could not install ${missing[*]}: see its message above / 软件包安装失败,见上文"
}

# --- A private cluster -----------------------------------------------------------------------------------------------

# PostgreSQL refuses to run as root: then it runs as Debian's user postgres, which needs a way into the folder.
as_postgres() {
    if ((EUID == 0)); then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

is_alive() { # by its pid file and by asking it
    [[ -f $folder/port ]] && as_postgres test -f "$cluster/postmaster.pid" &&
        "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$(<"$folder/port")" &&
        as_postgres "$pg_bin/pg_ctl" -D "$cluster" status >/dev/null 2>&1
}

free_port() { # below the kernel's ephemeral range, so that no outgoing connection takes it meanwhile
    local port
    for _ in {1..200}; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
    die "no free port on 127.0.0.1 between 20000 and 32000"
}

secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

write_private() { # FILE: from standard input, readable by its owner only, replaced at once
    (umask 077 && cat >"$1.new") && mv "$1.new" "$1"
}

place_cluster() {
    if [[ ! -e $folder/cluster && ! -L $folder/cluster ]] && ((EUID == 0)) && ! runuser -u postgres -- test -x "$folder"; then
        local elsewhere
        elsewhere=$(mktemp -d /var/lib/gridpin.XXXXXX)
        chmod 711 "$elsewhere"
        say "user postgres has no way into $folder; the database lies in $elsewhere instead, linked from there" \
            "/ postgres 用户无法进入该目录,数据库改放 $elsewhere"
        ln -s "$elsewhere/cluster" "$folder/cluster"
    fi
    cluster=$(readlink -m "$folder/cluster")
}

make_cluster() { # [test]
    local target=$cluster
    say "making a database in $target"
    rm -rf "$target.new"
    mkdir "$target.new"
    ((EUID == 0)) && chown postgres: "$target.new"
    chmod 700 "$target.new"
    local password admin
    admin=$(secret)
    password=$(mktemp)
    ((EUID == 0)) && chown postgres: "$password"
    printf '%s' "$admin" >"$password"
    as_postgres "$pg_bin/initdb" -D "$target.new" -U postgres -A scram-sha-256 --pwfile="$password" \
        --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-sync >/dev/null || die "initdb failed, see above"
    rm -f "$password"
    settings "${1:-}" | as_postgres tee -a "$target.new/postgresql.conf" >/dev/null
    mv "$target.new" "$target"
    printf '%s' "$admin" | write_private "$folder/admin-password"
    sync -f "$target"
}

settings() { # [test]: what differs from PostgreSQL's defaults, sized for this machine
    local memory_mb buffers_mb
    memory_mb=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
    buffers_mb=$((memory_mb / 8))
    ((buffers_mb > 2048)) && buffers_mb=2048
    ((buffers_mb < 128)) && buffers_mb=128
    cat <<SETTINGS

# gridpin
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = off
max_connections = 100
shared_buffers = ${buffers_mb}MB
effective_cache_size = $((memory_mb / 2))MB
maintenance_work_mem = $((buffers_mb / 4 > 64 ? buffers_mb / 4 : 64))MB
work_mem = 16MB
# No standby follows this cluster and no archive is kept: what a first import brings goes into the tables alone, and is on
# disk before its commit. For a standby or point-in-time recovery set wal_level = replica and max_wal_senders.
wal_level = minimal
max_wal_senders = 0
# Large imports: don't let checkpoints interrupt them, and write into log files that are there already.
max_wal_size = 4GB
min_wal_size = 1GB
checkpoint_timeout = 15min
wal_compression = lz4
random_page_cost = 1.1
jit = off
SETTINGS
    # Containers often have a tiny /dev/shm, which breaks parallel queries.
    (($(df --output=avail -m /dev/shm 2>/dev/null | tail -1 || echo 0) >= 256)) || echo "dynamic_shared_memory_type = mmap"
    if [[ ${1:-} == test ]]; then
        cat <<SETTINGS
# Tests only: nothing here has to outlive a power cut.
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
shared_buffers = 256MB
SETTINGS
    fi
}

start_cluster() {
    local attempt port
    port=$([[ -f $folder/port ]] && cat "$folder/port" || free_port)
    for attempt in 1 2 3; do
        if as_postgres "$pg_bin/pg_ctl" -D "$cluster" -l "$cluster/server.log" -o "-p $port" -w -t 120 start >/dev/null; then
            echo "$port" >"$folder/port"
            return
        fi
        as_postgres tail -n 40 "$cluster/server.log" | grep -q 'could not bind\|could not create any TCP/IP sockets' ||
            { as_postgres tail -n 15 "$cluster/server.log" >&2; die "PostgreSQL did not start; its log ends as above" \
                "/ PostgreSQL 未能启动,日志见上"; }
        port=$(free_port) # somebody else took ours
    done
    die "PostgreSQL found no free port in $attempt attempts"
}

admin() { # DATABASE: SQL from standard input, as the superuser
    PGPASSWORD=$(<"$folder/admin-password") psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$(<"$folder/port")" \
        -U postgres -d "$1" "${@:2}"
}

make_roles_and_database() {
    local port owner app
    port=$(<"$folder/port")
    if [[ ! -f $folder/owner-password || ! -f $folder/app-password ]]; then
        secret | write_private "$folder/owner-password"
        secret | write_private "$folder/app-password"
        rm -f "$folder/database-url"
    fi
    owner=$(<"$folder/owner-password") app=$(<"$folder/app-password")
    if [[ ! -f $folder/database-url ]]; then
        admin postgres <<SQL
do \$\$ begin
    if to_regrole('gridpin_owner') is null then create role gridpin_owner; end if;
    if to_regrole('gridpin_app') is null then create role gridpin_app; end if;
end \$\$;
alter role gridpin_owner login password '$owner';
alter role gridpin_app login nosuperuser nobypassrls nocreatedb nocreaterole password '$app';
select 'create database gridpin owner gridpin_owner' where not exists (select from pg_database where datname = 'gridpin')
\gexec
SQL
        admin gridpin <<SQL
set client_min_messages = warning;
create extension if not exists postgis;
SQL
    fi
    local base=127.0.0.1:$port
    printf 'postgres://postgres:%s@%s/postgres\n' "$(<"$folder/admin-password")" "$base" | write_private "$folder/admin-url"
    printf 'postgres://gridpin_owner:%s@%s/gridpin\n' "$owner" "$base" | write_private "$folder/owner-url"
    printf 'postgres://gridpin_app:%s@%s/gridpin\n' "$app" "$base" | write_private "$folder/database-url"
}

start() { # FOLDER [test]
    [[ -x $pg_bin/initdb ]] || die "PostgreSQL 15 is missing: run ./setup.sh install / 缺少 PostgreSQL 15"
    mkdir -p "$1"
    folder=$(realpath "$1")
    exec 9>"$folder/lock" # two at once would make two clusters
    flock 9
    place_cluster
    as_postgres test -f "$cluster/PG_VERSION" || make_cluster "${2:-}"
    as_postgres test -r "$cluster/PG_VERSION" ||
        die "$cluster belongs to another user: run as the user who made it, or name another folder (DATA=...)" \
            "/ 数据库属于其他用户,请换用户或用 DATA= 指定其他目录"
    is_alive || start_cluster 9>&-
    make_roles_and_database
}

stop() { # FOLDER
    [[ -d $1 ]] || return 0
    folder=$(realpath "$1")
    cluster=$(readlink -m "$folder/cluster")
    as_postgres test -f "$cluster/postmaster.pid" || return 0
    as_postgres "$pg_bin/pg_ctl" -D "$cluster" -m fast -w stop >/dev/null
}

is_empty() { # FOLDER
    folder=$(realpath "$1")
    [[ $(admin gridpin -At -c 'select not exists (select from address)') == t ]]
}

case ${1:-} in
    install) install_packages "${2:-}" ;;
    start) start "${2:?a folder}" "${3:-}" ;;
    stop) stop "${2:?a folder}" ;;
    is-empty) is_empty "${2:?a folder}" ;;
    *) sed -n '2,/^set/{/^set/!p}' "$0" >&2; exit 2 ;;
esac
