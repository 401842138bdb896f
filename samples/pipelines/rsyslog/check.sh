#!/usr/bin/env bash
# Run the real rsyslogd on the configuration beside this file, with its paths replaced, and show the findings. usage: check.sh [TDXWHY]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tdxwhy=$(command -v "${1:-tdxwhy}") || { echo "check.sh: no ${1:-tdxwhy}" >&2; exit 2; }
command -v rsyslogd > /dev/null || { echo "check.sh: no rsyslogd" >&2; exit 2; }
work=$(mktemp -d)
trap 'kill "$daemon" 2>/dev/null && wait "$daemon" || true; rm -rf "$work"' EXIT
sed -e "s#/usr/bin/tdxwhy#$tdxwhy#" -e "s#/var/log/tdxwhy.jsonl#$work/findings.jsonl#" "$here/tdxwhy.conf" > "$work/tdxwhy.conf"
cat > "$work/rsyslog.conf" <<EOF
global(workDirectory="$work")
module(load="imfile")
input(type="imfile" File="$work/kern.log" Tag="kernel:" Facility="kern")
include(file="$work/tdxwhy.conf")
EOF
cp "$here/../kern.log" "$work/kern.log"
rsyslogd -n -f "$work/rsyslog.conf" -i "$work/pid" &
daemon=$!
for _ in $(seq 100); do
    [ -s "$work/findings.jsonl" ] && break
    sleep 0.1
done
cat "$work/findings.jsonl"
