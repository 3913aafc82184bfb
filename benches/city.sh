# Sourced by the benchmarks that want a million addresses: sets `city` to a folder with grids.geojson, addresses.csv and
# buildings.geojson. CITY names one that is there. Without it, the city of ../shared/bench/peers is made where Python with
# numpy, scipy and shapely is at hand (PYTHON), else the demo town is repeated up to a million addresses.
# SIZE cities of the same kind lie side by side where it is given (peer/side.py). Wants `data`, `gridpin` and `log`.
made_by=../shared/bench/peers
python=${PYTHON:-python3}
city=${CITY:-$data/city}
if [[ -z ${CITY:-} && ( ! -f $city/addresses.csv || ! -f $city/buildings.geojson ) ]]; then
    mkdir -p "$city"
    if [[ -f $made_by/gen.py ]] && "$python" -c 'import numpy, scipy, shapely' 2>/dev/null; then
        echo "making the city of $made_by (some minutes)"
        "$python" "$made_by/gen.py" "$city/raw" >"$log" && "$python" "$made_by/files.py" "$city/raw" "$city" >>"$log"
        # What Martin serves with the peers' own fields.
        find "$city/raw" -type f ! -name addresses.copy -delete
    else
        echo 'repeating the demo town: for the city of the peers set PYTHON to one with numpy, scipy and shapely'
        "$gridpin" demo write "$city/town" >"$log"
        cp "$city/town/grids.geojson" "$city/town/buildings.geojson" "$city/"
        # The same town again and again, with new identifiers.
        awk -F, 'NR == 1 { head = $0; next } { row[NR - 2] = $0 } END {
            print head; n = NR - 1
            for (i = 0; i < 1000000; i++) { r = row[i % n]; sub(/^[^,]*/, "&-" int(i / n), r); print r }
        }' "$city/town/addresses.csv" >"$city/addresses.csv"
    fi
fi
if ((${SIZE:-1} > 1)); then
    if [[ ! -f $data/city-$SIZE/addresses.csv ]]; then
        echo "putting $SIZE cities side by side"
        "$python" benches/peer/side.py "$city" "$data/city-$SIZE.new" "$SIZE"
        mv "$data/city-$SIZE.new" "$data/city-$SIZE"
    fi
    city=$data/city-$SIZE
fi
rows=$(($(wc -l <"$city/addresses.csv") - 1))
