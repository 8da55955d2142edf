#!/usr/bin/env bash
# Plans the deployment of a release and saves the plan, for a person to read and for apply.sh to apply.
#
# Variables
#   AWS_DEPLOY_ROLE_ARN  role that deploys; AWS_ROLE_ARN stands in for it
#   AWS_ROLE_ARN         role for every job; with neither, the keys are used as they are
#   RELEASE_TAG          the release, default CI_COMMIT_TAG; Terraform's release_tag
#   TF_STATE_BUCKET, AWS_REGION and the other variables of terraform.sh, aws-auth.sh and lib.sh
# Reads  {REFINER_PIPELINE_DIR}/images/*.env, as sync-image.sh writes them
# Writes {REFINER_PIPELINE_DIR}/tfplan, plan.txt and terraform.lock.hcl
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
  require_variables 'RELEASE_TAG|CI_COMMIT_TAG' 'AWS_REGION|AWS_DEFAULT_REGION' TF_STATE_BUCKET $credentials
  require_release_tag
  require_terraform_forms
  require_tools terraform aws
}

# Sets images to a map of Terraform's, {"Refiner":"{repository}@{digest}"}.
read_images() {
  local file name line list=
  local form='^IMAGE_URI_[A-Za-z0-9_]+=([a-z0-9.-]+(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64})$'
  for file in "$pipeline_directory"/images/*.env; do
    [[ -f "$file" ]] || fail "there is no image in $pipeline_directory/images: sync-image.sh comes first"
    name=$(basename -- "$file" .env)
    line=$(<"$file")
    [[ "$name" =~ ^[A-Za-z0-9-]+$ && "$line" =~ $form ]] || fail "$file does not hold the address of an image"
    list+=",\"$name\":\"${BASH_REMATCH[1]}\""
  done
  images="{${list:1}}"
}

role="${AWS_DEPLOY_ROLE_ARN:-${AWS_ROLE_ARN:-}}"
set_defaults
check
make_private_directory
make_pipeline_directory
read_images
# A plan of an earlier run must not be taken for this one's when this one fails.
rm -f -- "$pipeline_directory/tfplan" "$pipeline_directory/plan.txt" "$pipeline_directory/terraform.lock.hcl"
aws_auth "$role"
set_terraform_variables
terraform_init "$root" refiner
terraform -chdir="$root" plan -input=false -no-color -lock-timeout=5m -out="$pipeline_directory/tfplan" \
  "${terraform_variables[@]}" "-var=release_tag=$RELEASE_TAG" "-var=image_uris=$images" ||
  fail 'terraform plan failed: nothing was changed'
terraform -chdir="$root" show -no-color "$pipeline_directory/tfplan" >"$pipeline_directory/plan.txt" ||
  fail 'the saved plan cannot be shown'
# The apply must use the providers of the plan.
cp -- "$root/.terraform.lock.hcl" "$pipeline_directory/terraform.lock.hcl" ||
  fail 'terraform init left no lock file, so the apply could not be given the same providers'
say "the plan for $RELEASE_TAG is saved: read plan.txt, then start apply"
