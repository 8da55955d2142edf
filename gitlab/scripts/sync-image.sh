#!/usr/bin/env bash
# Copies the image of one refiner from GitHub's registry to ECR, by digest, and writes down what it copied.
# Run twice, it copies once. A release tag never moves: where ECR has it with another digest, it refuses.
#
# It uses crane: one static binary, no Docker daemon and so no privileged runner, and a copy keeps the manifest
# byte for byte, so that the digest tells. `crane digest --platform` finds the one manifest that Lambda takes
# (Lambda refuses an OCI index).
#
# Variables
#   REFINER_NAME         the rule, such as Refiner
#   RELEASE_TAG          the release, default CI_COMMIT_TAG
#   IMAGE_TAG            this image's own tag where it is not RELEASE_TAG
#   GITHUB_ORG           owner of the image at ghcr.io
#   GITHUB_IMAGE         the image, default ghcr.io/{GITHUB_ORG}/dibbs-ecr-refiner
#   GITHUB_USERNAME      user of the token, default GITHUB_ORG
#   GITHUB_TOKEN         token that may read the image (read:packages); protected and masked
#   ECR_REPOSITORY       default {namespace}-{name in small letters}/lambda
#   REFINER_NAMESPACE    first part of every name, default dibbs-ecr
#   IMAGE_ARCHITECTURE   arm64 (default) or amd64: as the function's
#   IMAGE_SIGNER         identity that must have signed the image (cosign, keyless); empty: no signature is asked for
#   AWS_PUSH_ROLE_ARN    role that pushes images; AWS_ROLE_ARN stands in for it
#   AWS_ROLE_ARN         role for every job; with neither, the keys are used as they are
#   DOCKER_CONFIG        set here: the passwords' folder, private and removed at the end
#   and the variables of aws-auth.sh and lib.sh
# Writes {REFINER_PIPELINE_DIR}/images/{REFINER_NAME}.env: IMAGE_URI_{name, with _ for -}={repository}@{digest}
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
source "$here/lib.sh"
source "$here/aws-auth.sh"

digest_form='^sha256:[0-9a-f]{64}$'

check() {
  local credentials
  credentials=$(aws_auth_variables "$role" 'AWS_PUSH_ROLE_ARN|AWS_ROLE_ARN') || exit 1
  # Unquoted on purpose: each name is a word.
  # shellcheck disable=SC2086
  require_variables REFINER_NAME 'RELEASE_TAG|CI_COMMIT_TAG' 'AWS_REGION|AWS_DEFAULT_REGION' \
    'GITHUB_IMAGE|GITHUB_ORG' GITHUB_TOKEN $credentials
  require_form REFINER_NAME '[A-Za-z0-9][A-Za-z0-9-]*' "a refiner's name (letters, digits and -)"
  require_form IMAGE_ARCHITECTURE 'arm64|amd64' 'arm64 or amd64'
  require_release_tag
  require_form IMAGE_TAG 'v[0-9][0-9A-Za-z._-]{0,126}' 'a release tag (v and a digit first, such as v1.2.3)'
  require_form GITHUB_IMAGE '[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+' 'an image without a tag (ghcr.io/owner/name)'
  require_form ECR_REPOSITORY '[a-z0-9][a-z0-9._/-]*' 'the name of an ECR repository'
  require_tools aws crane
  if [[ -n "${IMAGE_SIGNER:-}" ]]; then require_tools cosign; fi
}

# log_in REGISTRY USER PASSWORD : by stdin, since every process of the machine can read arguments.
log_in() {
  printf '%s' "$3" | crane auth login "$1" --username "$2" --password-stdin ||
    fail "the sign-in to $1 failed. Is the token valid, and may it read (GitHub) or write (ECR) the image?"
}

# Sets destination, for example {account}.dkr.ecr.{region}.amazonaws.com/dibbs-ecr-refiner/lambda.
find_repository() {
  destination=$(aws ecr describe-repositories --repository-names "$ECR_REPOSITORY" \
    --query 'repositories[0].repositoryUri' --output text) ||
    fail "ECR has no repository $ECR_REPOSITORY in $AWS_REGION, or the role may not see it. prepare.sh makes it."
  [[ "$destination" == */"$ECR_REPOSITORY" ]] || fail "ECR answered no address of the repository $ECR_REPOSITORY"
}

log_in_to_both() {
  local password
  log_in "${GITHUB_IMAGE%%/*}" "${GITHUB_USERNAME:-${GITHUB_ORG:-token}}" "$GITHUB_TOKEN"
  unset GITHUB_TOKEN
  password=$(aws ecr get-login-password) || fail "ECR gave no password: may the role call ecr:GetAuthorizationToken?"
  log_in "${destination%%/*}" AWS "$password"
}

# Sets digest: that of the one manifest for the architecture, whether or not the tag is an index.
resolve() {
  local config
  digest=$(crane digest --platform "linux/$IMAGE_ARCHITECTURE" "$GITHUB_IMAGE:$IMAGE_TAG") ||
    fail "$GITHUB_IMAGE:$IMAGE_TAG is not there for linux/$IMAGE_ARCHITECTURE. Has GitHub published the release?"
  [[ "$digest" =~ $digest_form ]] || fail "the registry answered no digest for $GITHUB_IMAGE:$IMAGE_TAG"
  # A tag that is no index answers its digest for any platform that is asked for.
  config=$(crane config "$GITHUB_IMAGE@$digest") || fail "the configuration of $GITHUB_IMAGE@$digest cannot be read"
  local wanted="\"architecture\": *\"$IMAGE_ARCHITECTURE\""
  [[ "$config" =~ $wanted ]] ||
    fail "$GITHUB_IMAGE:$IMAGE_TAG is not built for $IMAGE_ARCHITECTURE: set IMAGE_ARCHITECTURE, or build it so."
}

verify_signature() {
  if [[ -z "${IMAGE_SIGNER:-}" ]]; then
    say 'IMAGE_SIGNER is not set: the signature is not looked at'
    return
  fi
  cosign verify --certificate-identity "$IMAGE_SIGNER" \
    --certificate-oidc-issuer https://token.actions.githubusercontent.com "$GITHUB_IMAGE@$digest" >/dev/null ||
    fail "$GITHUB_IMAGE@$digest is not signed by $IMAGE_SIGNER, so it is not copied."
}

# Sets present: the digest that ECR has under the tag, or nothing.
look_in_ecr() {
  local errors="$private_directory/ecr-errors"
  if present=$(aws ecr describe-images --repository-name "$ECR_REPOSITORY" --image-ids "imageTag=$IMAGE_TAG" \
    --query 'imageDetails[0].imageDigest' --output text 2>"$errors"); then
    [[ "$present" =~ $digest_form ]] || fail "ECR answered no digest for $ECR_REPOSITORY:$IMAGE_TAG"
  elif grep -q ImageNotFoundException "$errors"; then
    present=
  else
    cat "$errors" >&2
    fail "ECR cannot tell what $ECR_REPOSITORY:$IMAGE_TAG is"
  fi
}

copy() {
  crane copy "$GITHUB_IMAGE@$digest" "$destination:$IMAGE_TAG" ||
    fail "the image could not be copied to $destination:$IMAGE_TAG. Running this again is safe."
  look_in_ecr
  [[ "$present" == "$digest" ]] ||
    fail "ECR has ${present:-nothing} as $ECR_REPOSITORY:$IMAGE_TAG after the copy of $digest. Nothing is deployed."
  say "copied $GITHUB_IMAGE:$IMAGE_TAG ($digest) to $destination:$IMAGE_TAG"
}

write_uri() {
  mkdir -p -- "$pipeline_directory/images"
  printf 'IMAGE_URI_%s=%s@%s\n' "${REFINER_NAME//-/_}" "$destination" "$digest" \
    >"$pipeline_directory/images/$REFINER_NAME.env" || fail 'the address of the image cannot be written down'
}

role="${AWS_PUSH_ROLE_ARN:-${AWS_ROLE_ARN:-}}"
set_defaults
IMAGE_TAG="${IMAGE_TAG:-$RELEASE_TAG}"
IMAGE_ARCHITECTURE="${IMAGE_ARCHITECTURE:-arm64}"
# The registry knows owners in small letters only.
if [[ -z "${GITHUB_IMAGE:-}" && -n "${GITHUB_ORG:-}" ]]; then
  GITHUB_IMAGE="ghcr.io/$(lower_case "$GITHUB_ORG")/dibbs-ecr-refiner"
fi
ECR_REPOSITORY="${ECR_REPOSITORY:-${REFINER_NAMESPACE:-dibbs-ecr}-$(lower_case "${REFINER_NAME:-}")/lambda}"
check
make_private_directory
make_pipeline_directory
export DOCKER_CONFIG="$private_directory"
aws_auth "$role"
find_repository
log_in_to_both
resolve
verify_signature
look_in_ecr
if [[ -z "$present" ]]; then
  copy
elif [[ "$present" == "$digest" ]]; then
  say "$destination:$IMAGE_TAG is there already, with the same digest"
else
  fail "$ECR_REPOSITORY:$IMAGE_TAG is $present in ECR, but GitHub's $IMAGE_TAG is $digest. A release tag never" \
    'moves: publish a new release.'
fi
write_uri
