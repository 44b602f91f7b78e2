package config

import "encoding/base64"

// accountText is an account as the file has it: what is not the default, in the order of the documents.
type accountText struct {
	Name                     string            `yaml:"name"`
	Issuer                   string            `yaml:"issuer"`
	ClientID                 string            `yaml:"clientID"`
	Scopes                   []string          `yaml:"scopes,flow,omitempty"`
	Login                    []Method          `yaml:"login,flow,omitempty"`
	Username                 string            `yaml:"username,omitempty"`
	ClientSecret             bool              `yaml:"clientSecret,omitempty"`
	CertificateAuthority     string            `yaml:"certificateAuthority,omitempty"`
	CertificateAuthorityData string            `yaml:"certificateAuthorityData,omitempty"`
	TokenEndpoint            string            `yaml:"tokenEndpoint,omitempty"`
	AuthorizationEndpoint    string            `yaml:"authorizationEndpoint,omitempty"`
	DeviceEndpoint           string            `yaml:"deviceEndpoint,omitempty"`
	JWKSURI                  string            `yaml:"jwksURI,omitempty"`
	Bearer                   Bearer            `yaml:"bearer,omitempty"`
	AuthStyle                AuthStyle         `yaml:"authStyle,omitempty"`
	Audience                 string            `yaml:"audience,omitempty"`
	Prompt                   string            `yaml:"prompt,omitempty"`
	AuthParams               map[string]string `yaml:"authParams,flow,omitempty"`
	Redirect                 string            `yaml:"redirect,omitempty"`
	BrowserCommand           []string          `yaml:"browserCommand,flow,omitempty"`
	Proxy                    string            `yaml:"proxy,omitempty"`
	UsernameClaim            string            `yaml:"usernameClaim,omitempty"`
}

// clusterText is a cluster as the file has it.
type clusterText struct {
	Name                     string   `yaml:"name"`
	Account                  string   `yaml:"account"`
	Server                   string   `yaml:"server"`
	Servers                  []string `yaml:"servers,flow,omitempty"`
	TLSServerName            string   `yaml:"tlsServerName,omitempty"`
	CertificateAuthority     string   `yaml:"certificateAuthority,omitempty"`
	CertificateAuthorityData string   `yaml:"certificateAuthorityData,omitempty"`
	Delivery                 Delivery `yaml:"delivery,omitempty"`
	RefreshTokenInKubeconfig bool     `yaml:"refreshTokenInKubeconfig,omitempty"`
	Adopted                  bool     `yaml:"adopted,omitempty"`
}

func writtenAccount(a Account) accountText {
	t := accountText{
		Name: a.Name, Issuer: a.Issuer, ClientID: a.ClientID, Scopes: a.Scopes, Login: a.Login, Username: a.Username,
		ClientSecret: a.ClientSecret, CertificateAuthority: a.CertificateAuthority,
		CertificateAuthorityData: base64.StdEncoding.EncodeToString(a.CertificateAuthorityData),
		TokenEndpoint:            a.TokenEndpoint, AuthorizationEndpoint: a.AuthorizationEndpoint, DeviceEndpoint: a.DeviceEndpoint,
		JWKSURI: a.JWKSURI, Bearer: a.Bearer, AuthStyle: a.AuthStyle, Audience: a.Audience, Prompt: a.Prompt,
		AuthParams: a.AuthParams, Redirect: a.Redirect, BrowserCommand: a.BrowserCommand, Proxy: a.Proxy,
		UsernameClaim: a.UsernameClaim,
	}
	if t.Bearer == IDToken {
		t.Bearer = ""
	}
	return t
}

func writtenCluster(c Cluster) clusterText {
	t := clusterText{
		Name: c.Name, Account: c.Account, Server: c.Server, Servers: c.Servers,
		TLSServerName: c.TLSServerName, CertificateAuthority: c.CertificateAuthority,
		CertificateAuthorityData: base64.StdEncoding.EncodeToString(c.CertificateAuthorityData),
		Delivery:                 c.Delivery, RefreshTokenInKubeconfig: c.RefreshTokenInKubeconfig, Adopted: c.Adopted,
	}
	if t.Delivery == Exec {
		t.Delivery = ""
	}
	return t
}
