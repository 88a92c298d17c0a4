import { Iris } from "./Iris.jsx";

export default function Page() {
  return <Iris />;
}
