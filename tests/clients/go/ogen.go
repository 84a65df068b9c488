// A round trip by the client of ogen. The address and the token come by the environment.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/ogen-go/ogen/ogenerrors"
	"roundtrip/api"
)

func check(ok bool, what string) {
	if !ok {
		log.Fatal(what)
	}
}

// The token as the one credential of the client.
type security struct{}

func (security) Bearer(context.Context, api.OperationName) (api.Bearer, error) {
	return api.Bearer{Token: os.Getenv("TOKEN")}, nil
}

func (security) Basic(context.Context, api.OperationName) (api.Basic, error) {
	return api.Basic{}, ogenerrors.ErrSkipClientSecurity
}

func (security) SessionCookie(context.Context, api.OperationName) (api.SessionCookie, error) {
	return api.SessionCookie{}, ogenerrors.ErrSkipClientSecurity
}

func main() {
	ctx := context.Background()
	client, err := api.NewClient(os.Getenv("BASE"), security{})
	check(err == nil, "no client")

	var devices []api.Device
	for i := 0; i < 5; i++ {
		answer, err := client.CreateDevice(ctx, &api.DeviceCreate{
			Name: fmt.Sprintf("ogen-%d", i), Status: api.NewOptDeviceStatus(api.DeviceStatusDISABLED)},
			api.CreateDeviceParams{})
		created, is := answer.(*api.DeviceHeaders)
		check(err == nil && is, fmt.Sprint("create: ", err))
		devices = append(devices, created.Response)
	}

	var names []string
	pages := 0
	for token := ""; pages == 0 || token != ""; pages++ {
		params := api.ListDevicesParams{PageSize: api.NewOptInt32(2)}
		if token != "" {
			params.PageToken = api.NewOptString(token)
		}
		answer, err := client.ListDevices(ctx, params)
		page, is := answer.(*api.DevicePageHeaders)
		check(err == nil && is, fmt.Sprint("list: ", err))
		for _, device := range page.Response.Devices {
			check(device.Name == devices[len(names)].Name, "an unexpected name "+device.Name)
			names = append(names, device.Name)
		}
		token = page.Response.NextPageToken
	}
	check(pages == 3 && len(names) == 5, fmt.Sprint("pages: ", pages))

	first := devices[0]
	patch := &api.DevicePatch{Description: api.NewOptString("changed")}
	params := api.UpdateDeviceParams{ID: first.ID, IfMatch: api.NewOptString(`"` + first.Etag + `"`)}
	answer, err := client.UpdateDevice(ctx, patch, params)
	patched, is := answer.(*api.GetDeviceOKHeaders)
	check(err == nil && is && patched.Response.Description == "changed", fmt.Sprint("patch: ", err))
	answer, err = client.UpdateDevice(ctx, patch, params)
	_, is = answer.(*api.UpdateDevicePreconditionFailed)
	check(err == nil && is, fmt.Sprint("a stale patch: ", err))

	// A client of ogen judges a body by its schema, so what only the server refuses has to be sent: the name is in use.
	taken, err := client.CreateDevice(ctx, &api.DeviceCreate{Name: devices[1].Name,
		DirectorIds: nil, Description: api.NewOptString("twice")}, api.CreateDeviceParams{})
	_, is = taken.(*api.CreateDeviceConflict)
	check(err == nil && is, fmt.Sprint("a name in use: ", err))
	filtered, err := client.ListDevices(ctx, api.ListDevicesParams{Filter: api.NewOptString("nonsense =")})
	wrong, is := filtered.(*api.ListDevicesBadRequest)
	check(err == nil && is && len(wrong.Details) > 0, fmt.Sprint("a filter of no form: ", err))
	_, hasViolations := wrong.Details[0].AdditionalProps["fieldViolations"]
	check(hasViolations, "the problem has no violations")

	action, err := client.EnableDevice(ctx, api.OptEnableDeviceInput{}, api.EnableDeviceParams{ID: first.ID})
	enabled, is := action.(*api.DisableDeviceOKHeaders)
	check(err == nil && is && enabled.Response.Status == api.DeviceStatusENABLED, fmt.Sprint("enable: ", err))
	for _, device := range devices {
		answer, err := client.DeleteDevice(ctx, api.DeleteDeviceParams{ID: device.ID})
		_, is := answer.(*api.EmptyHeaders)
		check(err == nil && is, fmt.Sprint("delete: ", err))
	}
	fmt.Println("done")
}
