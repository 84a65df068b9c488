$headers = @{
  "Authorization" = "Bearer $API_TOKEN"
}
$body = @'
{
  "name": "my-device"
}
'@
Invoke-RestMethod -Method POST -Uri "$BASE_URL/devices" `
  -Headers $headers `
  -ContentType "application/json" `
  -Body $body
