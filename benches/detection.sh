#!/usr/bin/env bash
# How well misplaced pins are found, beside the usual baselines, on cities whose errors are known.
#
#   ./benches/detection.sh
#
# Cities: the labelled benchmark of ../shared/bench where it is at hand (made anew, three synthetic seeds, three of
# real points, one of each without errors), and always the invented demo town. Needs Python with numpy, scipy and shapely
# (and, for the benchmark, pyproj and scikit-learn); PYTHON names one that has them.
set -euo pipefail
cd "$(dirname "$0")/.."

data=.data/bench
shared=../shared/bench
python=${PYTHON:-python3}
gridpin=target/release/gridpin
mkdir -p "$data" test-output
"$python" -c 'import numpy, scipy, shapely' 2>/dev/null || {
    echo 'SKIPPED: detection needs Python with numpy, scipy and shapely; set PYTHON to one that has them'
    exit 0
}
cargo build --release --quiet

cities=()
make_city() { # NAME KIND SEED SCALE
    [[ -f $data/$1/truth.csv ]] || "$python" "$shared/make.py" "$2" --seed "$3" --scale "$4" --out "$data/$1"
    cities+=("$1")
}
if [[ -f $shared/make.py ]] && "$python" -c 'import pyproj, sklearn' 2>/dev/null; then
    for seed in 21 22 23; do make_city "synthetic-$seed" synthetic "$seed" 1; done
    for seed in 31 32 33; do make_city "real-$seed" baltimore-east "$seed" 1; done
    make_city synthetic-clean synthetic 51 0
    make_city real-clean baltimore-east 52 0
else
    echo 'SKIPPED: the labelled benchmark is not at hand, or Python lacks pyproj or scikit-learn'
fi
[[ -f $data/demo/truth.csv ]] || "$gridpin" demo write "$data/demo"
cities+=(demo)

for city in "${cities[@]}"; do
    folder=$data/$city
    "$gridpin" check --grids "$folder/grids.geojson" --addresses "$folder/addresses.csv" \
        --buildings "$folder/buildings.geojson" --out "$folder/flags.csv" 2>"$folder/check.log"
done
"$python" benches/score.py "${cities[@]/#/$data/}" | tee test-output/detection-bench.md
