#!/bin/sh
# Starts Grafana afresh when it is given a token that is not the last one.
#
#   GRAFANA_HOME         the directory that holds Grafana's data/ and the last token; nothing outside of it is touched
#   GRAFANA_RESET_TOKEN  empty: nothing happens. The last token again: nothing happens. Any other, the first as well:
#                        data/ is emptied, and the token is remembered, also when it is empty afterwards.
#
# Run it while no Grafana uses the directory, as init.sh does. It may be killed anywhere and run again: what was there is first moved aside
# in one step, together with a copy of the token in it, so that a later run knows whether that has happened.
set -eu

refuse() {
  printf 'grafana reset: %s\n' "$1" >&2
  exit 1
}

home=${GRAFANA_HOME:?says where the data of Grafana is}
token=${GRAFANA_RESET_TOKEN-}

case $home in
  /*/*) ;;
  *) refuse "GRAFANA_HOME is not an absolute path below another directory: $home" ;;
esac
[ -d "$home" ] || refuse "there is no directory $home"
# With a link, or with "..", it would be another directory than the one that was named.
real=$(cd -P -- "$home" && pwd -P && printf x)
real=${real%?x}
[ "$real" = "$home" ] || refuse "$home is really $real"

data=$home/data
last=$home/.reset-token
aside=$home/.reset

for path in "$data" "$last" "$aside"; do
  [ ! -L "$path" ] || refuse "$path is a link"
done
[ ! -d "$last" ] || refuse "$last is a directory"

# Ends a reset that was cut short. Its data are aside: it happened, and only the token is to be remembered. They are not:
# it did not happen.
if [ -d "$aside" ]; then
  if [ -e "$aside/data" ] && [ -e "$aside/token" ]; then mv -f -- "$aside/token" "$last"; fi
  rm -rf -- "$aside"
fi

# With a letter behind it, since the shell takes away the newlines at the end.
remembered=$(if [ -e "$last" ]; then cat -- "$last"; fi && printf x)
remembered=${remembered%x}

if [ -n "$token" ] && { [ ! -e "$last" ] || [ "$token" != "$remembered" ]; }; then
  [ -e "$data" ] || mkdir -- "$data"
  mkdir -- "$aside"
  printf '%s' "$token" >"$aside/token"
  mv -- "$data" "$aside/data"
  mv -f -- "$aside/token" "$last"
  rm -rf -- "$aside"
  printf 'grafana reset: began afresh\n'
fi

[ -e "$data" ] || mkdir -- "$data"
