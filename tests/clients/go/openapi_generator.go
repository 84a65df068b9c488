// A round trip by the Go client of openapi-generator. The address and the token come by the environment.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"

	openapi "github.com/GIT_USER_ID/GIT_REPO_ID"
)

func check(ok bool, what string) {
	if !ok {
		log.Fatal(what)
	}
}

func main() {
	configuration := openapi.NewConfiguration()
	configuration.Servers = openapi.ServerConfigurations{{URL: os.Getenv("BASE")}}
	api := openapi.NewAPIClient(configuration).DevicesAPI
	ctx := context.WithValue(context.Background(), openapi.ContextAccessToken, os.Getenv("TOKEN"))

	var devices []openapi.Device
	for i := 0; i < 5; i++ {
		wanted := openapi.NewDeviceCreate(fmt.Sprintf("generator-%d", i))
		wanted.SetStatus(openapi.DeviceStatusDisabled)
		device, answer, err := api.CreateDevice(ctx).DeviceCreate(*wanted).Execute()
		check(err == nil && answer.StatusCode == http.StatusCreated, fmt.Sprint("create: ", err))
		devices = append(devices, *device)
	}

	var names []string
	pages, token := 0, ""
	for pages == 0 || token != "" {
		page, _, err := api.ListDevices(ctx).PageSize(2).PageToken(token).Execute()
		check(err == nil, fmt.Sprint("list: ", err))
		for _, device := range page.Devices {
			check(device.Name == devices[len(names)].Name, "an unexpected name "+device.Name)
			names = append(names, device.Name)
		}
		token = page.GetNextPageToken()
		pages++
	}
	check(pages == 3 && len(names) == 5, fmt.Sprint("pages: ", pages))

	first := devices[0]
	patch := openapi.NewDevicePatch()
	patch.SetDescription("changed")
	seen := `"` + first.Etag + `"`
	patched, _, err := api.UpdateDevice(ctx, first.Id).DevicePatch(*patch).IfMatch(seen).Execute()
	check(err == nil && patched.Description == "changed", fmt.Sprint("patch: ", err))
	_, answer, err := api.UpdateDevice(ctx, first.Id).DevicePatch(*patch).IfMatch(seen).Execute()
	check(err != nil && answer.StatusCode == http.StatusPreconditionFailed, "a stale patch was accepted")

	_, answer, err = api.CreateDevice(ctx).DeviceCreate(*openapi.NewDeviceCreate("x")).Execute()
	var refused *openapi.GenericOpenAPIError
	check(errors.As(err, &refused) && answer.StatusCode == http.StatusBadRequest, "a short name was accepted")
	problem, isProblem := refused.Model().(openapi.Problem)
	check(isProblem && len(problem.Details) > 0, "no problem was read")
	_, hasViolations := problem.Details[0].AdditionalProperties["fieldViolations"]
	check(hasViolations, "the problem has no violations")

	// Without a body that client sends "null", which is no object.
	empty := *openapi.NewEnableDeviceInput()
	enabled, _, err := api.EnableDevice(ctx, first.Id).EnableDeviceInput(empty).Execute()
	check(err == nil && enabled.Status == openapi.DeviceStatusEnabled, fmt.Sprint("enable: ", err))
	for _, device := range devices {
		_, _, err := api.DeleteDevice(ctx, device.Id).Execute()
		check(err == nil, fmt.Sprint("delete: ", err))
	}
	fmt.Println("done")
}
