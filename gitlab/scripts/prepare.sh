#!/usr/bin/env bash
# First job: says everything that is missing at once, then makes the image repositories (terraform/registry),
# because an image must be there before the function that runs it.
#
# Variables
#   AWS_DEPLOY_ROLE_ARN  role that deploys; AWS_ROLE_ARN stands in for it
#   AWS_ROLE_ARN         role for every job; with neither, the keys are used as they are
#   RELEASE_TAG          the release, default CI_COMMIT_TAG
#   GITHUB_TOKEN         not used here, but looked for: sync-image.sh will want it
#   GITHUB_ORG           likewise, unless GITHUB_IMAGE is set
#   GITHUB_IMAGE         likewise
#   TF_STATE_BUCKET, AWS_REGION and the other variables of terraform.sh, aws-auth.sh and lib.sh
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
source "$here/lib.sh"
source "$here/aws-auth.sh"
source "$here/terraform.sh"

registry="${here%/gitlab/scripts}/terraform/registry"

check() {
  local credentials
  credentials=$(aws_auth_variables "$role" 'AWS_DEPLOY_ROLE_ARN|AWS_ROLE_ARN') || exit 1
  # Unquoted on purpose: each name is a word.
  # shellcheck disable=SC2086
  require_variables 'RELEASE_TAG|CI_COMMIT_TAG' 'AWS_REGION|AWS_DEFAULT_REGION' TF_STATE_BUCKET \
    'GITHUB_IMAGE|GITHUB_ORG' GITHUB_TOKEN $credentials
  require_release_tag
  require_terraform_forms
  require_tools terraform aws
  terraform version || fail 'terraform does not run'
  aws --version || fail 'the AWS command line does not run'
}

# Answers 0 when the saved plan changes something, 1 when all is there already.
plan_registry() {
  local code=0
  terraform -chdir="$registry" plan -input=false -no-color -lock-timeout=5m -detailed-exitcode \
    -out="$plan" "${terraform_variables[@]}" || code=$?
  case "$code" in
    0) return 1 ;;
    2) return 0 ;;
    *) fail 'terraform plan failed for the image repositories' ;;
  esac
}

# A repository goes with its images, and with it every way back. No pipeline does that by itself.
refuse_to_destroy() {
  local text
  text=$(terraform -chdir="$registry" show -no-color "$plan") || fail 'the saved plan cannot be read'
  if grep -qE '^Plan: .*[^0-9][1-9][0-9]* to destroy' <<<"$text"; then
    fail 'the plan would destroy image repositories, so it is not applied. Where that is wanted, apply' \
      'terraform/registry by hand; otherwise put the refiner back into the map.'
  fi
}

role="${AWS_DEPLOY_ROLE_ARN:-${AWS_ROLE_ARN:-}}"
set_defaults
check
make_private_directory
plan="$private_directory/registry.tfplan"
aws_auth "$role"
set_terraform_variables
terraform_init "$registry" registry
if plan_registry; then
  refuse_to_destroy
  terraform -chdir="$registry" apply -input=false -no-color -lock-timeout=5m "$plan" ||
    fail 'the image repositories could not be made'
  say 'the image repositories are made'
else
  say 'the image repositories are there already'
fi
