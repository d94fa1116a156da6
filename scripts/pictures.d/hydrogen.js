// The Matrix client Hydrogen, put together from the parts that its package exports.
import {
  FeatureSet,
  Platform,
  RootViewModel,
  createNavigation,
  createRouter,
} from "hydrogen-view-sdk";
import "hydrogen-view-sdk/theme-element-light.css";

const homeserver = new URLSearchParams(location.search).get("homeserver");
const platform = new Platform({
  container: document.querySelector("#app"),
  config: { defaultHomeServer: homeserver, themeManifests: [] },
  options: { development: false },
  assetPaths: {
    downloadSandbox: "/assets/download-sandbox.html",
    worker: "/assets/main.js",
    serviceWorker: "/sw.js",
    olm: null,
  },
});
await platform.init();
const navigation = createNavigation();
platform.setNavigation(navigation);
const urlRouter = createRouter({ navigation, history: platform.history });
urlRouter.attach();
const features = await FeatureSet.load(platform.settingsStorage);
const root = new RootViewModel({ platform, urlRouter, navigation, features });
await root.load();
platform.createAndMountRootView(root);
