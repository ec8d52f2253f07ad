// Runs formulas of KEDA ScaledObjects in the engine that KEDA runs them in:
//
//	scaling-formula < OBJECTS
//
// OBJECTS is JSON, one ScaledObject a line. With all triggers known a formula must give backlog plus
// busy slots. When one is unknown (KEDA gives nil) it must keep the pods that there are, and not ask
// for more than the known backlog.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

type scaledObject struct {
	Metadata struct{ Name string }
	Spec     struct {
		MaxReplicaCount float64
		Advanced        struct{ ScalingModifiers struct{ Formula string } }
		Triggers        []struct{ Type, Name string }
	}
}

// compile does what KEDA 2.21's ValidateAndCompileScalingModifiers does to a formula with "??".
func compile(object scaledObject) (*vm.Program, error) {
	known := map[string]float64{}
	for _, trigger := range object.Spec.Triggers {
		known[trigger.Name] = -1
	}
	formula := object.Spec.Advanced.ScalingModifiers.Formula
	formula = fmt.Sprintf("let _kedaCompositeResult = (%s); _kedaCompositeResult == nil ? nil : float(_kedaCompositeResult)", formula)
	program, err := expr.Compile(formula, expr.Env(known))
	if err == nil {
		_, err = expr.Run(program, known)
	}
	return program, err
}

// cases calls try with every combination of values for the triggers that are left.
func cases(triggers []string, values map[string]any, try func(map[string]any)) {
	if len(triggers) == 0 {
		try(values)
		return
	}
	for _, value := range []any{nil, 0.0, 1.0, 3.0, 7.0} {
		values[triggers[0]] = value
		cases(triggers[1:], values, try)
	}
}

func main() {
	failures, tried := 0, 0
	input := json.NewDecoder(os.Stdin)
	for input.More() {
		var object scaledObject
		if err := input.Decode(&object); err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
		program, err := compile(object)
		if err != nil {
			fmt.Println(object.Metadata.Name, err)
			os.Exit(1)
		}
		var triggers []string
		for _, trigger := range object.Spec.Triggers {
			triggers = append(triggers, trigger.Name)
		}
		cases(triggers, map[string]any{}, func(values map[string]any) {
			tried++
			backlog, pods, unknown := 0.0, object.Spec.MaxReplicaCount, values["busy"] == nil
			for name, value := range values {
				number, known := value.(float64)
				switch {
				case name == "pods" && known:
					pods = number
				case name == "pods" || name == "busy":
				case known:
					backlog += number
				default:
					unknown = true
				}
			}
			expected := max(backlog, pods)
			if !unknown {
				expected = backlog + values["busy"].(float64)
			}
			if result, err := expr.Run(program, values); err != nil || result != expected {
				failures++
				fmt.Println(object.Metadata.Name, values, "gives", result, err, "not", expected)
			}
		})
	}
	fmt.Println(tried, "cases,", failures, "wrong")
	if failures > 0 || tried == 0 {
		os.Exit(1)
	}
}
