# Sourced by run.sh: finds or makes what the peers need, below the ignored folder of the benchmarks, and says what is
# missing; the rows of a missing peer then say why. Wants `data`, `gridpin` and `log`; sets and exports the rest.

# Python with the peers' packages: PYTHON, else a virtual environment of the benchmarks' own.
if [[ -z ${PYTHON:-} ]]; then
    PYTHON=$data/venv/bin/python
    if [[ ! -x $PYTHON ]]; then
        echo "making $data/venv with numpy, scipy, shapely, geopandas, sedonadb"
        python3 -m venv "$data/venv" >>"$log" 2>&1 && "$PYTHON" -m pip install --quiet numpy scipy shapely pyproj pyarrow \
            geopandas sedonadb scikit-learn >>"$log" 2>&1 || echo "not all of them could be installed, see $log"
        [[ -x $PYTHON ]] || PYTHON=python3
    fi
fi
export PYTHON

# Martin: MARTIN, else the one that cargo builds once, which takes a quarter of an hour.
martin_version=1.14.0
if [[ -z ${MARTIN:-} && " $parts " == *" tile "* || -z ${MARTIN:-} && " $parts " == *" edit "* ]]; then
    MARTIN=$data/martin/bin/martin
    if [[ ! -x $MARTIN ]]; then
        echo "building Martin $martin_version into $data/martin (a quarter of an hour; its progress is in $log)"
        cargo install martin --version "$martin_version" --locked --no-default-features \
            --features postgres,metrics,mlt --root "$data/martin" --target-dir "$data/martin/target" >>"$log" 2>&1 ||
            { MARTIN_WHY="cargo could not build it, see $log" MARTIN=''; }
        rm -rf "$data/martin/target"
    fi
fi
if [[ -n ${MARTIN:-} && ! -x $MARTIN ]]; then MARTIN_WHY="$MARTIN is no program" MARTIN=''; fi
export MARTIN=${MARTIN:-} MARTIN_WHY=${MARTIN_WHY:-}

# A cluster of the benchmarks' own.
./setup.sh start "$data"
BENCH_ADMIN=$(<"$data/admin-url") BENCH_OWNER=$(<"$data/owner-url") BENCH_APP=$(<"$data/database-url")
export BENCH_ADMIN BENCH_OWNER BENCH_APP
