{{/* Addresses: what the role is reached at, and what it has to reach. */}}

{{/* Paths that the outside may ask for, as JSON: (list $ .Values.route.paths). */}}
{{- define "oc.paths" -}}
{{- $pages := list "/sign-in" "/sign-out" "/documents" "/library" "/preview" "/settings" -}}
{{- if eq (index . 0).Values.role "client" -}}
{{- $pages = list "/d" "/p" "/view" "/otp" "/document" "/finish" "/.well-known/jwks.json" -}}
{{- end -}}
{{- index . 1 | default (concat (list "/api" "/assets") $pages) | toJson -}}
{{- end }}

{{/* Host names with their templates filled in, as JSON: (list $ .Values.route.hostnames). */}}
{{- define "oc.hostnames" -}}
{{- $root := index . 0 -}}
{{- $names := list -}}
{{- range index . 1 -}}
{{- $names = append $names (tpl . $root) -}}
{{- end -}}
{{- toJson $names -}}
{{- end }}

{{/* Host of a URL, without port and password. */}}
{{- define "oc.hostOf" -}}
{{- regexReplaceAll ":[0-9]*$" (urlParse .).host "" -}}
{{- end }}

{{/* Port of a URL. */}}
{{- define "oc.urlPort" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $port | default (eq $url.scheme "https" | ternary "443" "80") -}}
{{- end }}

{{/* Namespace of a URL that leads to a Service of the cluster; nothing of any other. */}}
{{- define "oc.namespaceOf" -}}
{{- $host := include "oc.hostOf" . | trimSuffix "." -}}
{{- if or (hasSuffix ".svc" $host) (hasSuffix ".svc.cluster.local" $host) -}}
{{- index (splitList "." $host) 1 -}}
{{- end -}}
{{- end }}

{{/* Address of the client role, without the path of its API. */}}
{{- define "oc.clientUrl" -}}
{{- .Values.tests.clientUrl | default (.Values.settings.CLIENT_BASE_URL | default "" | trimSuffix "/" | trimSuffix "/api") -}}
{{- end }}
