// A round trip by the client of oapi-codegen. The address and the token come by the environment.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"roundtrip/api"
)

func check(ok bool, what string) {
	if !ok {
		log.Fatal(what)
	}
}

func pointer[T any](value T) *T {
	return &value
}

func main() {
	ctx := context.Background()
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
		return nil
	}
	client, err := api.NewClientWithResponses(os.Getenv("BASE"), api.WithRequestEditorFn(authorize))
	check(err == nil, "no client")

	var devices []api.Device
	for i := 0; i < 5; i++ {
		answer, err := client.CreateDeviceWithResponse(ctx, nil, api.DeviceCreate{
			Name: fmt.Sprintf("oapi-%d", i), Status: pointer(api.DeviceStatusDisabled)})
		check(err == nil && answer.JSON201 != nil, fmt.Sprint("create: ", err))
		devices = append(devices, *answer.JSON201)
	}

	var names []string
	pages := 0
	for token := (*string)(nil); pages == 0 || token != nil && *token != ""; pages++ {
		answer, err := client.ListDevicesWithResponse(ctx, &api.ListDevicesParams{
			PageSize: pointer(int32(2)), PageToken: token})
		check(err == nil && answer.JSON200 != nil, fmt.Sprint("list: ", err))
		for _, device := range answer.JSON200.Devices {
			check(device.Name == devices[len(names)].Name, "an unexpected name "+device.Name)
			names = append(names, device.Name)
		}
		token = &answer.JSON200.NextPageToken
	}
	check(pages == 3 && len(names) == 5, fmt.Sprint("pages: ", pages))

	first := devices[0]
	seen := &api.UpdateDeviceParams{IfMatch: pointer(`"` + first.Etag + `"`)}
	patch := api.DevicePatch{Description: pointer("changed")}
	patched, err := client.UpdateDeviceWithResponse(ctx, first.Id, seen, patch)
	check(err == nil && patched.JSON200 != nil && patched.JSON200.Description == "changed", fmt.Sprint("patch: ", err))
	stale, err := client.UpdateDeviceWithResponse(ctx, first.Id, seen, patch)
	check(err == nil && stale.ApplicationproblemJSON412 != nil, "a stale patch was accepted")

	wrong, err := client.CreateDeviceWithResponse(ctx, nil, api.DeviceCreate{Name: "x"})
	check(err == nil && wrong.ApplicationproblemJSON400 != nil, "a short name was accepted")
	details := wrong.ApplicationproblemJSON400.Details
	check(len(details) > 0, "the problem has no details")
	_, hasViolations := details[0].Get("fieldViolations")
	check(hasViolations, "the problem has no violations")

	enabled, err := client.EnableDeviceWithResponse(ctx, first.Id, nil, api.EnableDeviceInput{})
	check(err == nil && enabled.JSON200 != nil && enabled.JSON200.Status == api.DeviceStatusEnabled, "enable")
	for _, device := range devices {
		answer, err := client.DeleteDeviceWithResponse(ctx, device.Id, nil)
		check(err == nil && answer.StatusCode() == http.StatusOK, fmt.Sprint("delete: ", err))
	}
	fmt.Println("done")
}
