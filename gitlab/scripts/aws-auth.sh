# Signs in to AWS for the rest of the script that sources it. Sourced after lib.sh, never run.
#
# Variables
#   AWS_AUTH               oidc, assume-role or keys; left empty, the first of the three that can be done
#   GITLAB_OIDC_TOKEN      the job's id_token                              (oidc)
#   AWS_ACCESS_KEY_ID      of the user that may assume the role, or deploy (assume-role, keys)
#   AWS_SECRET_ACCESS_KEY  likewise; protected and masked                  (assume-role, keys)
#   AWS_SESSION_TOKEN      with keys that are temporary themselves         (assume-role, keys)
#   CI_JOB_ID              names the session, so that CloudTrail tells which job it was
# The role is the caller's to give: aws_auth ROLE.

# aws_auth_mode ROLE : prints oidc, assume-role or keys.
aws_auth_mode() {
  case "${AWS_AUTH:-}" in
    oidc | assume-role | keys) printf '%s' "$AWS_AUTH" ;;
    '')
      if [[ -z "$1" ]]; then
        printf keys
      elif [[ -n "${GITLAB_OIDC_TOKEN:-}" ]]; then
        printf oidc
      else
        printf assume-role
      fi
      ;;
    *) fail 'AWS_AUTH is none of oidc, assume-role and keys' ;;
  esac
}

# aws_auth_variables ROLE ROLE_NAME : prints the names of the variables that signing in will want.
aws_auth_variables() {
  local mode
  # Bash does not carry `set -e` into $(...), where this function itself runs.
  mode=$(aws_auth_mode "$1") || exit 1
  case "$mode" in
    oidc) printf '%s GITLAB_OIDC_TOKEN' "$2" ;;
    assume-role) printf '%s AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY' "$2" ;;
    keys)
      # Nobody said which way to sign in: name the better one too.
      if [[ -z "${AWS_AUTH:-}" ]]; then printf '%s|' "$2"; fi
      printf 'AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY'
      ;;
  esac
}

# aws_auth ROLE : signs in, and proves it before anything is built on it. Needs private_directory.
aws_auth() {
  local role="$1" mode identity
  mode=$(aws_auth_mode "$role") || exit 1
  case "$mode" in
    oidc) use_web_identity "$role" ;;
    assume-role) assume_role "$role" ;;
    keys) ;;
  esac
  # The token has done its work. What runs from here on need not see it.
  unset GITLAB_OIDC_TOKEN
  identity=$(aws sts get-caller-identity --query Arn --output text) ||
    fail "AWS did not accept the sign-in ($mode). Check the role's trust policy and the job's variables;" \
      'AWS_AUTH chooses another way.'
  say "signed in to AWS as $identity ($mode)"
}

# The AWS command line, SDKs and Terraform all exchange the token in this file by themselves, and again when
# the session grows old. Keys in the environment would win over it, so they go.
use_web_identity() {
  local file="$private_directory/web-identity-token"
  (umask 077 && printf '%s' "$GITLAB_OIDC_TOKEN" >"$file") || fail 'the identity token cannot be written'
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE
  export AWS_ROLE_ARN="$1" AWS_WEB_IDENTITY_TOKEN_FILE="$file"
  AWS_ROLE_SESSION_NAME=$(session_name)
  export AWS_ROLE_SESSION_NAME
}

assume_role() {
  local answer
  answer=$(aws sts assume-role --role-arn "$1" --role-session-name "$(session_name)" --duration-seconds 3600 \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text) ||
    fail 'the role cannot be assumed with the keys given. Does its trust policy name their user?'
  local id secret token
  read -r id secret token <<<"$answer"
  [[ -n "$token" ]] || fail 'the answer to the assumed role holds no session token'
  export AWS_ACCESS_KEY_ID="$id" AWS_SECRET_ACCESS_KEY="$secret" AWS_SESSION_TOKEN="$token"
}

session_name() {
  printf 'lakewright-%s' "${CI_JOB_ID:-by-hand}"
}
