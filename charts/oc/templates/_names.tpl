{{/* Names and labels. */}}

{{- define "oc.fullname" -}}
{{- .Values.fullnameOverride | default (printf "oc-%s-backend" .Values.role) -}}
{{- end }}

{{/* What tells the pods of this release from all others. */}}
{{- define "oc.instanceLabels" -}}
app.kubernetes.io/name: oc
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* What the Deployment and the Service select; never changes. */}}
{{- define "oc.selectorLabels" -}}
{{ include "oc.instanceLabels" . }}
app.kubernetes.io/component: {{ .Values.role }}
{{- end }}

{{/* Labels of an object. Of a part that is not the role itself, and with further ones: (dict "root" $ "component" "test" "extra" $labels). */}}
{{- define "oc.labels" -}}
{{- $root := .root | default . -}}
{{- $labels := include "oc.instanceLabels" $root | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/component" (.component | default $root.Values.role) -}}
{{- $_ := set $labels "app.kubernetes.io/part-of" "oc" -}}
{{- $_ := set $labels "app.kubernetes.io/version" ($root.Chart.AppVersion | replace "+" "_") -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") -}}
{{- merge $labels (deepCopy (.extra | default dict)) $root.Values.commonLabels | toYaml -}}
{{- end }}

{{- define "oc.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "oc.fullname" .) "default") -}}
{{- end }}

{{/* The Secret of the secret settings. */}}
{{- define "oc.secretName" -}}
{{- .Values.secrets.existingSecret | default (include "oc.fullname" .) -}}
{{- end }}

{{- define "oc.databaseName" -}}
{{- .Values.postgresql.cnpg.name | default (printf "%s-db" (include "oc.fullname" .)) -}}
{{- end }}

{{- define "oc.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "oc.scheme" -}}
{{- if .Values.settings.TLS_CERT_FILE }}https{{ else }}http{{ end -}}
{{- end }}

{{/* The port on which pods of a role listen. */}}
{{- define "oc.portOf" -}}
{{- eq . "client" | ternary 3000 3001 -}}
{{- end }}

{{/* Fewest pods that there are at any time. */}}
{{- define "oc.fewestPods" -}}
{{- .Values.autoscaling.enabled | ternary .Values.autoscaling.minReplicas .Values.replicas -}}
{{- end }}

{{/* Whether somebody has scaled the Deployment by hand, or an autoscaler has: the number of replicas is theirs then. */}}
{{- define "oc.isScaled" -}}
{{- $deployment := lookup "apps/v1" "Deployment" .Release.Namespace (include "oc.fullname" .) -}}
{{- range dig "metadata" "managedFields" list $deployment -}}
{{- if eq (.subresource | default "") "scale" -}}true{{- end -}}
{{- end -}}
{{- end }}
