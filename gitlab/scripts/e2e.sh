#!/usr/bin/env bash
# Proves a deployed refiner: puts an object under its input prefix, waits for the completion, compares.
#
# Variables
#   REFINER_NAME      the rule, such as Refiner
#   AWS_E2E_ROLE_ARN  role that may write the input and read the outputs; AWS_ROLE_ARN stands in for it
#   AWS_ROLE_ARN      role for every job; with neither, the keys are used as they are
#   LAKEWRIGHT_CONFIG file that tells the bucket, the namespace and the rules, default lakewright.yaml
#   AWS_REGION and the other variables of aws-auth.sh and lib.sh
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
source "$here/lib.sh"
source "$here/aws-auth.sh"

check() {
  local credentials
  credentials=$(aws_auth_variables "$role" 'AWS_E2E_ROLE_ARN|AWS_ROLE_ARN') || exit 1
  # Unquoted on purpose: each name is a word.
  # shellcheck disable=SC2086
  require_variables REFINER_NAME 'AWS_REGION|AWS_DEFAULT_REGION' $credentials
  require_form REFINER_NAME '[A-Za-z0-9][A-Za-z0-9-]*' "a refiner's name (letters, digits and -)"
  require_tools npm npx aws
  local config="${LAKEWRIGHT_CONFIG:-lakewright.yaml}"
  [[ -f "$config" ]] || fail "there is no $config below $PWD: it tells the bucket and the rules (LAKEWRIGHT_CONFIG)"
  # Absolute: the command runs in Lakewright's own folder.
  LAKEWRIGHT_CONFIG="$(cd -- "$(dirname -- "$config")" && pwd)/${config##*/}"
  export LAKEWRIGHT_CONFIG
}

# Packages may run code of their own while they are installed. They are given no credentials.
install() {
  env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN -u GITLAB_OIDC_TOKEN -u GITHUB_TOKEN \
    npm ci --no-audit --no-fund || fail 'npm ci could not install the packages of the lock file'
}

role="${AWS_E2E_ROLE_ARN:-${AWS_ROLE_ARN:-}}"
set_defaults
check
cd -- "${here%/gitlab/scripts}"
install
make_private_directory
aws_auth "$role"
npx lakewright refine e2e --profile aws --rule "$REFINER_NAME" ||
  fail "the refiner $REFINER_NAME did not pass. Its log group and its dead letter queue tell why; to go back," \
    'deploy the release before.'
say "the refiner $REFINER_NAME works"
