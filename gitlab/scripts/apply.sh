#!/usr/bin/env bash
# Applies exactly the plan that plan.sh saved. Without one it does nothing. Terraform refuses a plan when the
# state has changed since, so that two pipelines cannot overtake each other: plan again.
#
# Variables
#   AWS_DEPLOY_ROLE_ARN  role that deploys; AWS_ROLE_ARN stands in for it
#   AWS_ROLE_ARN         role for every job; with neither, the keys are used as they are
#   TF_STATE_BUCKET, AWS_REGION and the other variables of terraform.sh, aws-auth.sh and lib.sh
# Reads {REFINER_PIPELINE_DIR}/tfplan and terraform.lock.hcl
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
source "$here/lib.sh"
source "$here/aws-auth.sh"
source "$here/terraform.sh"

root="${here%/gitlab/scripts}/terraform"

check() {
  local credentials
  credentials=$(aws_auth_variables "$role" 'AWS_DEPLOY_ROLE_ARN|AWS_ROLE_ARN') || exit 1
  # Unquoted on purpose: each name is a word.
  # shellcheck disable=SC2086
  require_variables 'AWS_REGION|AWS_DEFAULT_REGION' TF_STATE_BUCKET $credentials
  require_terraform_forms
  require_tools terraform aws
  local file
  for file in tfplan terraform.lock.hcl; do
    [[ -s "$pipeline_directory/$file" ]] ||
      fail "there is no saved plan ($pipeline_directory/$file is missing). Nothing is applied without one: run plan."
  done
}

role="${AWS_DEPLOY_ROLE_ARN:-${AWS_ROLE_ARN:-}}"
set_defaults
make_pipeline_directory
check
make_private_directory
aws_auth "$role"
cp -- "$pipeline_directory/terraform.lock.hcl" "$root/.terraform.lock.hcl" || fail 'the lock file cannot be put back'
terraform_init "$root" refiner -lockfile=readonly
terraform -chdir="$root" apply -input=false -no-color -lock-timeout=5m "$pipeline_directory/tfplan" ||
  fail 'terraform apply failed. What it did before is in the state: mend the cause, then plan and apply again.'
say 'applied'
