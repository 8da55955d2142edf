# Terraform with the remote state and the variables of the pipeline. Sourced after lib.sh, never run.
#
# Variables
#   TF_STATE_BUCKET    bucket of the states, versioned; made beforehand
#   TF_STATE_REGION    its region, default AWS_REGION
#   TF_STATE_PREFIX    folder of the states in it, default lakewright/{namespace}
#   TF_STATE_KMS_KEY   key that encrypts the states, default the bucket's own encryption
#   TFVARS_FILE        file of further Terraform variables, such as the map `refiners`; for both roots
#   REFINER_NAMESPACE  first part of every name, default dibbs-ecr
#   AWS_REGION         region of everything
# namespace and aws_region come from here and win over TFVARS_FILE: the image's repository is named by them too.

# Fails when what these functions put into arguments and paths is not of its form.
require_terraform_forms() {
  REFINER_NAMESPACE="${REFINER_NAMESPACE:-dibbs-ecr}"
  require_form REFINER_NAMESPACE '[a-z0-9][a-z0-9-]*' 'a namespace (small letters, digits and -)'
  require_form AWS_REGION '[a-z]{2}(-[a-z]+)+-[0-9]+' 'a region (such as us-east-1)'
  if [[ -n "${TFVARS_FILE:-}" && ! -f "$TFVARS_FILE" ]]; then
    fail "TFVARS_FILE names $TFVARS_FILE, and there is no such file below $PWD"
  fi
}

# terraform_init ROOT STATE [ARGUMENT...] : ROOT is a folder, STATE the name of its state.
terraform_init() {
  local root="$1" state="$2"
  shift 2
  local arguments=(
    "-backend-config=bucket=$TF_STATE_BUCKET"
    "-backend-config=key=${TF_STATE_PREFIX:-lakewright/$REFINER_NAMESPACE}/$state.tfstate"
    "-backend-config=region=${TF_STATE_REGION:-$AWS_REGION}"
    '-backend-config=encrypt=true'
    '-backend-config=use_lockfile=true'
  )
  if [[ -n "${TF_STATE_KMS_KEY:-}" ]]; then arguments+=("-backend-config=kms_key_id=$TF_STATE_KMS_KEY"); fi
  # -reconfigure: a folder that an earlier job left behind may remember another bucket.
  terraform -chdir="$root" init -input=false -no-color -reconfigure "${arguments[@]}" "$@" ||
    fail "terraform init failed in $root. Check TF_STATE_BUCKET, its region and the role's rights to it."
}

# Sets terraform_variables, the arguments that both roots take. A file first: what comes later wins.
set_terraform_variables() {
  terraform_variables=()
  if [[ -n "${TFVARS_FILE:-}" ]]; then
    terraform_variables+=("-var-file=$(cd -- "$(dirname -- "$TFVARS_FILE")" && pwd)/${TFVARS_FILE##*/}")
  fi
  terraform_variables+=("-var=namespace=$REFINER_NAMESPACE" "-var=aws_region=$AWS_REGION")
}
