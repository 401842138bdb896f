#!/usr/bin/env bash
# Run the real syslog-ng on the configuration beside this file, with its source and paths replaced, and show what arrives. usage: check.sh [TDXWHY]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tdxwhy=$(command -v "${1:-tdxwhy}") || { echo "check.sh: no ${1:-tdxwhy}" >&2; exit 2; }
command -v syslog-ng > /dev/null || { echo "check.sh: no syslog-ng" >&2; exit 2; }
work=$(mktemp -d)
trap 'kill "$daemon" 2>/dev/null && wait "$daemon" || true; rm -rf "$work"' EXIT
sed -e "s#/usr/bin/tdxwhy#$tdxwhy#" -e "s#/var/log/#$work/#g" \
    -e "s#^source s_kernel .*#source s_kernel { file(\"$work/kern.log\" flags(no-parse) program-override(\"kernel\") follow-freq(1)); };#" \
    "$here/tdxwhy.conf" > "$work/syslog-ng.conf"
cp "$here/../kern.log" "$work/kern.log"
touch "$work/tdxwhy.jsonl"
syslog-ng -F -f "$work/syslog-ng.conf" -R "$work/state" -c "$work/control" -p "$work/pid" &
daemon=$!
for _ in $(seq 150); do
    [ -s "$work/tdxwhy-findings.log" ] && break
    sleep 0.1
done
cat "$work/tdxwhy-findings.log"
