#!/bin/sh
# What runs in a task before Grafana: a reset when one is asked for, and the provisioning where Grafana reads it.
#
#   GRAFANA_HOME, GRAFANA_RESET_TOKEN  as reset.sh says
#   GRAFANA_CONFIG                     where provisioning/ and dashboards/ go: a volume that Grafana sees, too
set -eu

here=$(dirname -- "$0")
config=${GRAFANA_CONFIG:?says where the provisioning goes}

sh "$here/reset.sh"
cp -R -- "$here/provisioning" "$here/dashboards" "$config/"
# Grafana is another user.
chmod -R a+rX -- "$config/provisioning" "$config/dashboards"
