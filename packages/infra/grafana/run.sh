#!/bin/sh
# Starts Grafana as its image does, once no other uses its directory, and keeps others out as long as it runs: ECS starts
# the next task while the last one still answers what it was asked. The lock goes with the process, however it ends.
#
#   GRAFANA_HOME  as reset.sh says
set -eu

exec 9>>"${GRAFANA_HOME:?says where the data of Grafana is}/.lock"
flock 9
exec /run.sh "$@"
