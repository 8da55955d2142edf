# What the scripts of this folder share. Sourced, never run.
#
# Variables
#   REFINER_PIPELINE_DIR  folder for what one job leaves for the next, default refiner-pipeline
#   RELEASE_TAG           the release, such as v1.2.3
#   CI_COMMIT_TAG         stands in for an empty RELEASE_TAG (GitLab sets it in the pipeline of a tag)
#   AWS_REGION            region of everything
#   AWS_DEFAULT_REGION    stands in for an empty AWS_REGION

say() {
  printf '%s: %s\n' "${0##*/}" "$*"
}

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# require_variables NAME... : fails and names every one that is empty or not set. `A|B` wants one of the two.
require_variables() {
  local wanted name missing=() found
  for wanted in "$@"; do
    found=
    for name in ${wanted//|/ }; do
      if [[ -n "${!name:-}" ]]; then found=yes; fi
    done
    if [[ -z "$found" ]]; then missing+=("${wanted//|/ or }"); fi
  done
  if ((${#missing[@]} > 0)); then
    local list
    list=$(printf ', %s' "${missing[@]}")
    fail "not set: ${list:2}. Set them under Settings > CI/CD > Variables; a protected variable reaches only" \
      "the pipelines of protected branches and tags."
  fi
}

# require_tools NAME... : fails and names every one that is not on the PATH.
require_tools() {
  local tool missing=()
  for tool in "$@"; do
    if ! command -v "$tool" >/dev/null; then missing+=("$tool"); fi
  done
  if ((${#missing[@]} > 0)); then
    fail "not installed: ${missing[*]}. Use an image of the job that has them, or add them in its before_script."
  fi
}

# require_form NAME PATTERN WHAT : fails when the variable's whole value does not match. The value is not printed.
require_form() {
  local pattern="^($2)$"
  [[ "${!1}" =~ $pattern ]] || fail "$1 is not $3"
}

# Sets RELEASE_TAG and AWS_REGION from their stand-ins. An empty one stays empty, for require_variables to name.
set_defaults() {
  RELEASE_TAG="${RELEASE_TAG:-${CI_COMMIT_TAG:-}}"
  # Both names: the AWS SDK for JavaScript reads only the first, older AWS command lines only the second.
  export AWS_REGION="${AWS_REGION:-${AWS_DEFAULT_REGION:-}}"
  export AWS_DEFAULT_REGION="$AWS_REGION"
}

# A release tag names one image for ever, so `latest` and its like are no release tags.
require_release_tag() {
  require_form RELEASE_TAG 'v[0-9][0-9A-Za-z._-]{0,126}' 'a release tag (v and a digit first, such as v1.2.3)'
}

# Makes private_directory, readable by nobody else and removed when the script ends, however it ends.
make_private_directory() {
  private_directory=$(mktemp -d) || fail 'no temporary directory can be made: is the disk full?'
  trap 'rm -rf -- "$private_directory"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# Makes pipeline_directory, an absolute path below the working directory.
make_pipeline_directory() {
  local name="${REFINER_PIPELINE_DIR:-refiner-pipeline}"
  mkdir -p -- "$name" || fail "the folder $name cannot be made"
  pipeline_directory=$(cd -- "$name" && pwd)
}

lower_case() {
  printf '%s' "$1" | tr '[:upper:]' '[:lower:]'
}
