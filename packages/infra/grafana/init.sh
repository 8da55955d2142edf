#!/bin/sh
# What runs in a task before Grafana: a reset when one is asked for, and the provisioning where Grafana reads it.
#
#   GRAFANA_HOME, GRAFANA_RESET_TOKEN  as reset.sh says
#   GRAFANA_CONFIG                     where provisioning/, dashboards/ and run.sh go: a volume that Grafana sees, too
set -eu

here=$(dirname -- "$0")
config=${GRAFANA_CONFIG:?says where the provisioning goes}

# run.sh of the Grafana before this one holds the lock until that has ended.
flock --wait 180 "${GRAFANA_HOME:?says where the data of Grafana is}/.lock" sh "$here/reset.sh"

cp -R -- "$here/provisioning" "$here/dashboards" "$here/run.sh" "$config/"
# Grafana is another user.
chmod -R a+rX -- "$config/provisioning" "$config/dashboards" "$config/run.sh"
